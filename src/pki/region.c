/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/region.h"

/* clang-format off */
static const struct region {
	const char *country, *letters, *full;
} regions[] = {
	{ "US", "AL", "Alabama" },        { "US", "AK", "Alaska" },         { "US", "AZ", "Arizona" },
	{ "US", "AR", "Arkansas" },       { "US", "CA", "California" },     { "US", "CO", "Colorado" },
	{ "US", "CT", "Connecticut" },    { "US", "DE", "Delaware" },       { "US", "DC", "District of Columbia" },
	{ "US", "FL", "Florida" },        { "US", "GA", "Georgia" },        { "US", "HI", "Hawaii" },
	{ "US", "ID", "Idaho" },          { "US", "IL", "Illinois" },       { "US", "IN", "Indiana" },
	{ "US", "IA", "Iowa" },           { "US", "KS", "Kansas" },         { "US", "KY", "Kentucky" },
	{ "US", "LA", "Louisiana" },      { "US", "ME", "Maine" },          { "US", "MD", "Maryland" },
	{ "US", "MA", "Massachusetts" },  { "US", "MI", "Michigan" },       { "US", "MN", "Minnesota" },
	{ "US", "MS", "Mississippi" },    { "US", "MO", "Missouri" },       { "US", "MT", "Montana" },
	{ "US", "NE", "Nebraska" },       { "US", "NV", "Nevada" },         { "US", "NH", "New Hampshire" },
	{ "US", "NJ", "New Jersey" },     { "US", "NM", "New Mexico" },     { "US", "NY", "New York" },
	{ "US", "NC", "North Carolina" }, { "US", "ND", "North Dakota" },   { "US", "OH", "Ohio" },
	{ "US", "OK", "Oklahoma" },       { "US", "OR", "Oregon" },         { "US", "PA", "Pennsylvania" },
	{ "US", "RI", "Rhode Island" },   { "US", "SC", "South Carolina" }, { "US", "SD", "South Dakota" },
	{ "US", "TN", "Tennessee" },      { "US", "TX", "Texas" },          { "US", "UT", "Utah" },
	{ "US", "VT", "Vermont" },        { "US", "VA", "Virginia" },       { "US", "WA", "Washington" },
	{ "US", "WV", "West Virginia" },  { "US", "WI", "Wisconsin" },      { "US", "WY", "Wyoming" },
	{ "US", "PR", "Puerto Rico" },    { "US", "GU", "Guam" },           { "US", "VI", "Virgin Islands" },
	{ "CA", "AB", "Alberta" },        { "CA", "BC", "British Columbia" }, { "CA", "MB", "Manitoba" },
	{ "CA", "NB", "New Brunswick" },  { "CA", "NL", "Newfoundland and Labrador" }, { "CA", "NS", "Nova Scotia" },
	{ "CA", "NT", "Northwest Territories" }, { "CA", "NU", "Nunavut" }, { "CA", "ON", "Ontario" },
	{ "CA", "PE", "Prince Edward Island" }, { "CA", "QC", "Quebec" },   { "CA", "SK", "Saskatchewan" },
	{ "CA", "YT", "Yukon" },
	{ "AU", "ACT", "Australian Capital Territory" }, { "AU", "NSW", "New South Wales" }, { "AU", "NT", "Northern Territory" },
	{ "AU", "QLD", "Queensland" },    { "AU", "SA", "South Australia" }, { "AU", "TAS", "Tasmania" },
	{ "AU", "VIC", "Victoria" },      { "AU", "WA", "Western Australia" },
	{ "BR", "AC", "Acre" },           { "BR", "AL", "Alagoas" },        { "BR", "AP", "Amap\xc3\xa1" },
	{ "BR", "AM", "Amazonas" },       { "BR", "BA", "Bahia" },          { "BR", "CE", "Cear\xc3\xa1" },
	{ "BR", "DF", "Distrito Federal" }, { "BR", "ES", "Esp\xc3\xadrito Santo" }, { "BR", "GO", "Goi\xc3\xa1s" },
	{ "BR", "MA", "Maranh\xc3\xa3o" }, { "BR", "MT", "Mato Grosso" },   { "BR", "MS", "Mato Grosso do Sul" },
	{ "BR", "MG", "Minas Gerais" },   { "BR", "PA", "Par\xc3\xa1" },    { "BR", "PB", "Para\xc3\xad" "ba" },
	{ "BR", "PR", "Paran\xc3\xa1" },  { "BR", "PE", "Pernambuco" },     { "BR", "PI", "Piau\xc3\xad" },
	{ "BR", "RJ", "Rio de Janeiro" }, { "BR", "RN", "Rio Grande do Norte" }, { "BR", "RS", "Rio Grande do Sul" },
	{ "BR", "RO", "Rond\xc3\xb4nia" }, { "BR", "RR", "Roraima" },       { "BR", "SC", "Santa Catarina" },
	{ "BR", "SP", "S\xc3\xa3o Paulo" }, { "BR", "SE", "Sergipe" },      { "BR", "TO", "Tocantins" },
	{ "CH", "AG", "Aargau" },         { "CH", "AI", "Appenzell Innerrhoden" }, { "CH", "AR", "Appenzell Ausserrhoden" },
	{ "CH", "BE", "Bern" },           { "CH", "BL", "Basel-Landschaft" }, { "CH", "BS", "Basel-Stadt" },
	{ "CH", "FR", "Fribourg" },       { "CH", "GE", "Gen\xc3\xa8ve" },  { "CH", "GL", "Glarus" },
	{ "CH", "GR", "Graub\xc3\xbcnden" }, { "CH", "JU", "Jura" },        { "CH", "LU", "Luzern" },
	{ "CH", "NE", "Neuch\xc3\xa2tel" }, { "CH", "NW", "Nidwalden" },    { "CH", "OW", "Obwalden" },
	{ "CH", "SG", "St. Gallen" },     { "CH", "SH", "Schaffhausen" },   { "CH", "SO", "Solothurn" },
	{ "CH", "SZ", "Schwyz" },         { "CH", "TG", "Thurgau" },        { "CH", "TI", "Ticino" },
	{ "CH", "UR", "Uri" },            { "CH", "VD", "Vaud" },           { "CH", "VS", "Valais" },
	{ "CH", "ZG", "Zug" },            { "CH", "ZH", "Z\xc3\xbcrich" },
};

/* Reserved by ISO 3166-1 for others, or names; the codes themselves are in pki/subject.c. */
static const struct {
	const char *typed, *code;
} countries[] = {
	{ "UK", "GB" }, { "England", "GB" }, { "Great Britain", "GB" }, { "United Kingdom", "GB" }, { "Scotland", "GB" }, { "Wales", "GB" },
	{ "USA", "US" }, { "U.S.", "US" }, { "U.S.A.", "US" }, { "United States", "US" }, { "United States of America", "US" },
	{ "EL", "GR" }, { "Greece", "GR" }, { "Germany", "DE" }, { "Deutschland", "DE" }, { "GER", "DE" }, { "DEU", "DE" },
	{ "Austria", "AT" }, { "\xc3\x96sterreich", "AT" }, { "AUT", "AT" }, { "Switzerland", "CH" }, { "Schweiz", "CH" }, { "Suisse", "CH" },
	{ "CHE", "CH" }, { "SUI", "CH" }, { "France", "FR" }, { "FRA", "FR" }, { "Italy", "IT" }, { "Italia", "IT" }, { "ITA", "IT" },
	{ "Spain", "ES" }, { "Espa\xc3\xb1" "a", "ES" }, { "ESP", "ES" }, { "Netherlands", "NL" }, { "The Netherlands", "NL" },
	{ "Nederland", "NL" }, { "Holland", "NL" }, { "NLD", "NL" }, { "Belgium", "BE" }, { "Belgi\xc3\xab", "BE" }, { "Belgique", "BE" },
	{ "Luxembourg", "LU" }, { "Ireland", "IE" }, { "Canada", "CA" }, { "CAN", "CA" }, { "Australia", "AU" }, { "AUS", "AU" },
	{ "Denmark", "DK" }, { "Danmark", "DK" }, { "Sweden", "SE" }, { "Sverige", "SE" }, { "Norway", "NO" }, { "Norge", "NO" },
	{ "Finland", "FI" }, { "Suomi", "FI" }, { "Poland", "PL" }, { "Polska", "PL" }, { "Czechia", "CZ" }, { "Czech Republic", "CZ" },
	{ "Portugal", "PT" }, { "Hungary", "HU" }, { "Brazil", "BR" }, { "Brasil", "BR" }, { "Japan", "JP" }, { "China", "CN" }, { "India", "IN" },
};
/* clang-format on */

const char *
region_in_full(const char *country, struct str letters)
{
	for (size_t i = 0; i < COUNT_OF(regions); i++)
		if (strcmp(regions[i].country, country) == 0 &&
		    str_eq_nocase(letters, str_of(regions[i].letters)))
			return regions[i].full;
	return NULL;
}

const char *
region_country_meant(struct str text)
{
	for (size_t i = 0; i < COUNT_OF(countries); i++)
		if (str_eq_nocase(text, str_of(countries[i].typed)))
			return countries[i].code;
	return NULL;
}
