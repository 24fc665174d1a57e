/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/legal_form.h"

/* How a form is written, folded (pki/fold.h), and whose it is: "" = understood everywhere. Short ones
 * that are words elsewhere belong to their countries. "S.C." in front of a name says nothing of the
 * form, which stands at its end. */
static const struct legal_form {
	const char *name, *words, *countries;
	bool in_front;
} forms[] = {
	/* clang-format off */
	{ "GmbH & Co. KG",  "gmbh co kg", "" },
	{ "GmbH & Co. KG",  "gesellschaft mit beschrankter haftung co kg", "" },
	{ "GmbH & Co. KGaA", "gmbh co kgaa", "" },
	{ "AG & Co. KG",    "ag co kg", "" },
	{ "UG & Co. KG",    "ug haftungsbeschrankt co kg", "" },
	{ "GmbH",           "gmbh", "" },
	{ "GmbH",           "gesmbh", "" },
	{ "GmbH",           "ges mbh", "" },
	{ "GmbH",           "gesellschaft mbh", "" },
	{ "GmbH",           "gesellschaft mit beschrankter haftung", "" },
	{ "GmbH",           "mbh", "AT CH DE LI" },
	{ "gGmbH",          "ggmbh", "" },
	{ "UG",             "ug haftungsbeschrankt", "" },
	{ "UG",             "ug", "DE" },
	{ "AG",             "ag", "" },
	{ "AG",             "aktiengesellschaft", "" },
	{ "KGaA",           "kgaa", "" },
	{ "KG",             "kg", "AT CH DE LI" },
	{ "KG",             "kommanditgesellschaft", "" },
	{ "OHG",            "ohg", "DE" },
	{ "OG",             "og", "AT" },
	{ "GbR",            "gbr", "DE" },
	{ "eG",             "eg", "DE" },
	{ "eGen",           "egen", "AT" },
	{ "e.V.",           "ev", "DE" },
	{ "e.V.",           "eingetragener verein", "" },
	{ "e.K.",           "ek", "DE" },
	{ "e.U.",           "eu", "AT" },
	{ "SE",             "se", "AT BE CZ DE DK FI FR HU IE IT LU NL NO PL SE SK" },
	{ "SE",             "societas europaea", "" },
	{ "Co., Ltd.",      "co ltd", "" },
	{ "Co., Ltd.",      "coltd", "" },
	{ "Co., Ltd.",      "company limited", "" },
	{ "Pty Ltd",        "pty ltd", "" },
	{ "Pty Ltd",        "pty limited", "" },
	{ "Pty Ltd",        "proprietary limited", "" },
	{ "Pvt Ltd",        "pvt ltd", "" },
	{ "Pvt Ltd",        "private limited", "" },
	{ "Pte Ltd",        "pte ltd", "" },
	{ "Sdn Bhd",        "sdn bhd", "" },
	{ "Ltd",            "ltd", "" },
	{ "Ltd",            "limited", "" },
	{ "PLC",            "plc", "" },
	{ "PLC",            "public limited company", "" },
	{ "LLP",            "llp", "" },
	{ "LLP",            "limited liability partnership", "" },
	{ "LLC",            "llc", "" },
	{ "LLC",            "limited liability company", "" },
	{ "LP",             "lp", "CA GB US" },
	{ "PLLC",           "pllc", "" },
	{ "PC",             "pc", "US" },
	{ "Inc.",           "inc", "" },
	{ "Inc.",           "incorporated", "" },
	{ "Corp.",          "corp", "" },
	{ "Corp.",          "corporation", "" },
	{ "Co.",            "co", "CA US" },
	{ "Co.",            "company", "CA US" },
	{ "Ltee",           "ltee", "CA" },
	{ "DAC",            "dac", "IE" },
	{ "CLG",            "clg", "IE" },
	{ "CIC",            "cic", "GB" },
	{ "SA",             "sa", "" },
	{ "SA",             "societe anonyme", "" },
	{ "SA",             "sociedad anonima", "" },
	{ "SA",             "sociedade anonima", "" },
	{ "SAS",            "sas", "CO FR" },
	{ "SAS",            "societe par actions simplifiee", "" },
	{ "SASU",           "sasu", "FR" },
	{ "SARL",           "sarl", "" },
	{ "SARL",           "societe a responsabilite limitee", "" },
	{ "EURL",           "eurl", "FR" },
	{ "SNC",            "snc", "BE FR IT" },
	{ "SCI",            "sci", "FR" },
	{ "SRL",            "srl", "" },
	{ "SRL",            "societa a responsabilita limitata", "" },
	{ "SpA",            "spa", "CL IT" },
	{ "SpA",            "societa per azioni", "" },
	{ "SL",             "sl", "ES" },
	{ "SLU",            "slu", "ES" },
	{ "SL",             "sociedad limitada", "" },
	{ "SA de CV",       "sa de cv", "" },
	{ "S de RL de CV",  "s de rl de cv", "" },
	{ "S de RL de CV",  "sde rl de cv", "" },
	{ "Lda",            "lda", "PT AO MZ" },
	{ "Ltda",           "ltda", "" },
	{ "EIRELI",         "eireli", "BR" },
	{ "BV",             "bv", "" },
	{ "BV",             "besloten vennootschap", "" },
	{ "BVBA",           "bvba", "BE" },
	{ "NV",             "nv", "AW BE CW NL SR" },
	{ "NV",             "naamloze vennootschap", "" },
	{ "VZW",            "vzw", "BE" },
	{ "ASBL",           "asbl", "BE LU" },
	{ "VOF",            "vof", "BE NL" },
	{ "A/S",            "as", "CZ DK EE LV NO SK TR" },
	{ "A/S",            "aktieselskab", "" },
	{ "A/S",            "aksjeselskap", "" },
	{ "ASA",            "asa", "NO" },
	{ "ApS",            "aps", "" },
	{ "ApS",            "anpartsselskab", "" },
	{ "AB",             "aktiebolag", "" },
	{ "AB",             "ab", "FI SE" },
	{ "AB",             "ab", "FI SE", true },
	{ "AB (publ)",      "ab publ", "SE" },
	{ "HB",             "hb", "SE" },
	{ "Oy",             "oy", "FI" },
	{ "Oyj",            "oyj", "FI" },
	{ "Oy",             "osakeyhtio", "" },
	{ "ehf.",           "ehf", "" },
	{ "hf.",            "hf", "IS" },
	{ "OU",             "ou", "EE" },
	{ "OU",             "ou", "EE", true },
	{ "A/S",            "as", "EE LV", true },
	{ "SIA",            "sia", "LV" },
	{ "SIA",            "sia", "LV", true },
	{ "UAB",            "uab", "LT" },
	{ "UAB",            "uab", "LT", true },
	{ "Sp. z o.o.",     "sp z oo", "" },
	{ "Sp. z o.o.",     "spzoo", "" },
	{ "Sp. z o.o.",     "spolka z ograniczona odpowiedzialnoscia", "" },
	{ "Sp. z o.o. sp. k.", "sp z oo sp k", "" },
	{ "SA",             "spolka akcyjna", "" },
	{ "s.r.o.",         "sro", "CZ SK" },
	{ "s.r.o.",         "spol s ro", "" },
	{ "Kft.",           "kft", "HU" },
	{ "Zrt.",           "zrt", "HU" },
	{ "Nyrt.",          "nyrt", "HU" },
	{ "d.o.o.",         "doo", "BA HR ME RS SI" },
	{ "d.d.",           "dd", "BA HR SI" },
	{ "EOOD",           "eood", "BG" },
	{ "OOD",            "ood", "BG" },
	{ "AD",             "ad", "BG ME RS" },
	{ "",               "sc", "RO", true },
	{ "OOO",            "ooo", "", true },
	{ "OOO",            "\xd0\xbe\xd0\xbe\xd0\xbe", "", true },
	{ "A.S.",           "anonim sirketi", "TR" },
	{ "Ltd. Sti.",      "ltd sti", "TR" },
	{ "KK",             "kk", "JP" },
	{ "KK",             "kabushiki kaisha", "" },
	{ "GK",             "gk", "JP" },
	{ "PT",             "pt", "ID", true },
	{ "Tbk",            "tbk", "ID" },
	{ "JSC",            "jsc", "" },
	{ "PJSC",           "pjsc", "" },
	{ "FZE",            "fze", "AE" },
	{ "FZ-LLC",         "fz llc", "AE" },
	/* clang-format on */
};

static bool
is_at_home(const struct legal_form *form, const char *country)
{
	return *form->countries == '\0' || *country == '\0' ||
	       strstr(form->countries, country) != NULL;
}

static size_t
count_words(const char *words)
{
	size_t count = 1;

	for (; *words; words++)
		count += *words == ' ';
	return count;
}

/* Do the form's words stand in the name, from word `at` on? */
static bool
stands_at(const struct folded *name, size_t at, const char *words)
{
	struct str rest = str_of(words), word;

	for (; str_next(&rest, ' ', &word); at++)
		if (at >= name->count || !str_eq(word, str_of(name->word[at])))
			return false;
	return true;
}

static bool
take(struct folded *name, const struct legal_form *form)
{
	size_t words = count_words(form->words);

	if (words >= name->count ||
	    !stands_at(name, form->in_front ? 0 : name->count - words, form->words))
		return false;
	if (form->in_front)
		memmove(name->word[0], name->word[words],
		    (name->count - words) * sizeof(name->word[0]));
	name->count -= words;
	return true;
}

static const struct legal_form *
take_longest(struct folded *name, const char *country)
{
	const struct legal_form *best = NULL;

	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		const struct legal_form *form = &forms[i];
		struct folded trial = *name;

		if (is_at_home(form, country) && take(&trial, form) &&
		    (!best || count_words(form->words) > count_words(best->words)))
			best = form;
	}
	if (best)
		(void)take(name, best);
	return best;
}

const char *
legal_form_take(struct folded *name, const char *country)
{
	const char *found = "";
	const struct legal_form *form;

	while ((form = take_longest(name, country)) != NULL)
		if (*found == '\0')
			found = form->name;
	return found;
}
