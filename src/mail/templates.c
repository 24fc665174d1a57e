/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mails, as a table: purpose, subject, paragraphs with {placeholders} (compose.c has the list
 * of them). Rules of style: what is wrong, why, what to do; say whether money must be spent; no
 * blame, no codes; the last paragraph says what happens next. A gateway may strip attachments
 * (M-D), so all that matters is text.
 */
#include "mail/mail_internal.h"

#define END                               \
	{                                 \
		LAYOUT_TEXT, ALWAYS, NULL \
	}
#define GREETING                                              \
	{ LAYOUT_TEXT, HAS_CONTACT, "Dear {contact_name}," }, \
	{                                                     \
		LAYOUT_TEXT, HAS_NO_CONTACT, "Good day,"      \
	}
#define CLOSING                                                                            \
	{ LAYOUT_TEXT, ALWAYS,                                                             \
		"You can reply to this message; please keep [#{order}] in the subject." }, \
	{                                                                                  \
		LAYOUT_TEXT, ALWAYS, "{provider}"                                          \
	}

/* clang-format off */
/* H-01, H-10: before anything is bought */
static const struct mail_paragraph question[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "you ordered a certificate for this name, and before you buy anything we have one question:" },
	{ LAYOUT_RECORD, ALWAYS, "{fqdn}" },
	{ LAYOUT_RECORD, ALWAYS, "{spelled}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What looks odd: {finding_what}" },
	{ LAYOUT_TEXT, HAS_FINDING, "Why it matters: {finding_why}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What to do: {finding_next}" },
	{ LAYOUT_TEXT, HAS_MORE, "There is more to look at: {finding_more}" },
	{ LAYOUT_TEXT, ALWAYS, "If it is right as it is, say so in a reply to this message, or confirm it yourself with an access token of ours:" },
	{ LAYOUT_RECORD, ALWAYS, "{confirm_hint}" },
	{ LAYOUT_TEXT, ALWAYS, "If it is not, tell us what it should be: we cancel this order and open the right one. It costs nothing." },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: as soon as it is confirmed you get the certificate request. Please do not buy a certificate before." },
	CLOSING,
	END,
};

static const struct mail_paragraph declined[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "the order for {fqdn} cannot go on. Nothing has to be bought; if you have bought a certificate for it already, please tell us." },
	{ LAYOUT_TEXT, HAS_FINDING, "What is wrong: {finding_what}" },
	{ LAYOUT_TEXT, HAS_FINDING, "Why it matters: {finding_why}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What to do: {finding_next}" },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: nothing. The address reserved for the name is given back; when what is wrong is put right, order again." },
	CLOSING,
	END,
};

/* CSR: D-02, D-03, D-10, D-12, D-16, D-17, V-01, M-D */
static const struct mail_paragraph csr[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "here is the request for the certificate of {fqdn}. With it you buy the certificate, and we do the rest. The private key stays with us; please do not let the seller create a request or a key for you." },
	{ LAYOUT_TEXT, HAS_FINDING, "BEFORE YOU BUY" },
	{ LAYOUT_TEXT, HAS_FINDING, "{finding_what} {finding_why}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What to do: {finding_next}" },
	{ LAYOUT_TEXT, ALWAYS, "1. BUY THE CERTIFICATE" },
	{ LAYOUT_TEXT, ALWAYS, "Paste this text into the seller's order form, complete with the line that begins with -----BEGIN and the line that begins with -----END. It is also attached as a file." },
	{ LAYOUT_CSR, ALWAYS, "{csr_pem}" },
	{ LAYOUT_TEXT, ALWAYS, "What is in the request:" },
	{ LAYOUT_RECORD, ALWAYS, "Name:          {fqdn}" },
	{ LAYOUT_RECORD, ALWAYS, "Organization:  {organization}" },
	{ LAYOUT_RECORD, ALWAYS, "City:          {city}" },
	{ LAYOUT_RECORD, ALWAYS, "State:         {state}" },
	{ LAYOUT_RECORD, ALWAYS, "Country:       {country}" },
	{ LAYOUT_RECORD, ALWAYS, "Key:           {key_kind_words}" },
	{ LAYOUT_TEXT, ALWAYS, "Please look at the name letter by letter before you buy: a wrong letter there usually means buying again. The seller takes your company's data from its own check, so an error in the other lines does not cost a new purchase." },
	{ LAYOUT_STEP, HAS_CA, "Which seller: {ca}, as far as we know. If you buy from somebody else, please tell us: we look whether your DNS allows that authority to issue." },
	{ LAYOUT_STEP, HAS_NO_CA, "Which seller: any publicly trusted certificate authority will do.{advice}" },
	{ LAYOUT_STEP, ALWAYS, "Which kind: a certificate for one name (\"single domain\"). If the form asks for the server platform, choose {platform}; if it asks for the number of servers, more than one machine may use the certificate." },
	{ LAYOUT_STEP, ALWAYS, "How long: since March 2026 no certificate is valid for more than 200 days, from March 2027 on for no more than 100. Sellers offer a plan for a year or more and issue a new certificate within it at no extra cost; that saves you a purchase at every renewal." },
	{ LAYOUT_STEP, ALWAYS, "Proof of control: the seller asks you to prove that you control the domain. Pointing the name at us is not that proof. Choose the DNS method, add the entry the seller shows you, and leave it in place. The proof code is good for 30 days at most." },
	{ LAYOUT_TEXT, ALWAYS, "2. THE DNS ENTRY" },
	{ LAYOUT_TEXT, DNS_IS_NOW, "You can add this entry to your DNS at any time, today if you like:" },
	{ LAYOUT_TEXT, DNS_IS_LAST, "{fqdn} answers at another address today. Please leave it as it is for now. When your certificate is installed and tested at our address, we write to you; only then the entry changes to:" },
	{ LAYOUT_RECORD, ALWAYS, "{fqdn}.  {record_type}  {address}" },
	{ LAYOUT_TEXT, DNS_IS_NOW, "There must be no other address entry for the name, of type A or AAAA." },
	{ LAYOUT_TEXT, DNS_IS_LAST, "If it were changed earlier, your users would see a warning until the certificate is in place." },
	{ LAYOUT_TEXT, ALWAYS, "3. SEND US THE CERTIFICATE" },
	{ LAYOUT_TEXT, ALWAYS, "Any format the seller offers will do (PEM, CRT, CER, P7B). Please send the connecting certificates too; sellers call them \"intermediate\", \"chain\" or \"CA bundle\". Mail filters often remove such files; it always works to paste the text of the certificates into your reply." },
	{ LAYOUT_TEXT, HAS_HINT, "Another way: {api_hint}" },
	{ LAYOUT_TEXT, ALWAYS, "Please never send a private key, and never a password by mail: a certificate is public and needs neither." },
	{ LAYOUT_TEXT, ALWAYS, "WHAT HAPPENS NEXT" },
	{ LAYOUT_TEXT, DNS_IS_NOW, "As soon as the certificate is here we check it, install it and test it. If something does not fit, we tell you what and what to do. When the DNS entry is there too, we write to you that {fqdn} is ready." },
	{ LAYOUT_TEXT, DNS_IS_LAST, "As soon as the certificate is here we check it, install it and test it at our address. If something does not fit, we tell you what and what to do. Then we ask you to change the DNS entry." },
	CLOSING,
	END,
};

/* K-08, I-08 */
static const struct mail_paragraph review[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "the certificate that you sent for {fqdn} has been checked, and it can be used. Before we install it, please look at it once:" },
	{ LAYOUT_RECORD, ALWAYS, "Names:        {names}" },
	{ LAYOUT_RECORD, ALWAYS, "Issued by:    {issuer}" },
	{ LAYOUT_RECORD, ALWAYS, "Valid until:  {not_after}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What we noticed: {finding_what} {finding_why}" },
	{ LAYOUT_TEXT, HAS_FINDING, "{finding_next}" },
	{ LAYOUT_TEXT, ALWAYS, "What to do: if this is what you ordered, say so in a reply to this message, or accept it yourself with an access token of ours:" },
	{ LAYOUT_RECORD, ALWAYS, "{accept_hint}" },
	{ LAYOUT_TEXT, ALWAYS, "If it is not, please send us the right one. Nothing is installed until then." },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: once it is accepted we install it and test it, and write to you. Nothing has to be bought for this." },
	CLOSING,
	END,
};

static const struct mail_paragraph refused[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "the certificate that you sent for {fqdn} cannot be installed as it is. Your request, its key and the address stay as they are." },
	{ LAYOUT_TEXT, HAS_FINDING, "What is wrong: {finding_what}" },
	{ LAYOUT_TEXT, HAS_FINDING, "Why it matters: {finding_why}" },
	{ LAYOUT_TEXT, HAS_FINDING, "What to do: {finding_next}" },
	{ LAYOUT_TEXT, HAS_HINT, "How to send it: in a reply to this message, or {api_hint}" },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: as soon as the next file is here we check it, and go on by ourselves if it is good." },
	CLOSING,
	END,
};

static const struct mail_paragraph dns[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "the certificate for {fqdn} is installed and has passed our tests at the address reserved for you. One step is left, and it is yours: the DNS entry." },
	{ LAYOUT_TEXT, ALWAYS, "What to do: ask the person who manages your DNS to set this entry, in place of every other address entry (A or AAAA) for the name:" },
	{ LAYOUT_RECORD, ALWAYS, "{fqdn}.  {record_type}  {address}" },
	{ LAYOUT_TEXT, ALWAYS, "Why it matters: until then your users reach the address they reach today. You choose the hour; your users notice nothing but the new address. If you run a separate internal DNS, add the same entry there." },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: we look at your DNS regularly and test the site once more by its name when the entry is there. Then we write to you that it is ready. Nothing has to be bought or sent for this." },
	CLOSING,
	END,
};

/* M-68 */
static const struct mail_paragraph live[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "{fqdn} is ready. All tests have passed: the name leads to our address, the certificate and its chain are right, and the service answers." },
	{ LAYOUT_RECORD, ALWAYS, "Address:      https://{fqdn}/" },
	{ LAYOUT_RECORD, ALWAYS, "Issued by:    {issuer}" },
	{ LAYOUT_RECORD, ALWAYS, "Valid until:  {not_after}" },
	{ LAYOUT_TEXT, ALWAYS, "What to do: nothing. Please leave the DNS entry as it is; it must go on leading to {address}." },
	{ LAYOUT_TEXT, ALWAYS, "What happens next: the certificate must be replaced before that date, with a new request from us; please do not renew without it. If you bought a plan that runs longer than the certificate, the seller issues the next one within it: look for \"reissue\", do not buy again." },
	CLOSING,
	END,
};

static const struct mail_paragraph retired[] = {
	GREETING,
	{ LAYOUT_TEXT, ALWAYS, "the order for {fqdn} has been cancelled." },
	{ LAYOUT_TEXT, ALWAYS, "Why it matters: its request and the key made for it are no longer used. A certificate bought with that request cannot be installed any more." },
	{ LAYOUT_TEXT, ALWAYS, "What to do: if you have not bought the certificate yet, please do not buy it with the request we sent. If you have bought it and still want your own name, open a new order: the seller can normally issue the certificate again from the new request, without a new purchase." },
	{ LAYOUT_TEXT, SITE_GOES, "If your DNS has an entry for {fqdn} that leads to {address}, please remove it." },
	{ LAYOUT_TEXT, SITE_GOES, "What happens next: nothing. The address reserved for the name is given back." },
	{ LAYOUT_TEXT, SITE_STAYS, "What happens next: nothing. {fqdn} goes on with the certificate it has today." },
	CLOSING,
	END,
};

const struct mail_template mail_templates[MAIL_PURPOSE_MAX] = {
	[MAIL_QUESTION] = { "Is {fqdn} the right name? One question before you buy", question },
	[MAIL_DECLINED] = { "The order for {fqdn} cannot go on",        declined },
	[MAIL_CSR] =     { "The certificate request for {fqdn}",       csr },
	[MAIL_REVIEW] =  { "Please look at the certificate for {fqdn}", review },
	[MAIL_REFUSED] = { "The certificate for {fqdn} cannot be used yet", refused },
	[MAIL_DNS] =     { "Please change the DNS entry for {fqdn} now", dns },
	[MAIL_LIVE] =    { "{fqdn} is ready",                          live },
	[MAIL_RETIRED] = { "The order for {fqdn} has been cancelled",  retired },
};
/* clang-format on */
