package sms

import (
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// Verb is what a message asks for.
type Verb string

// The verbs. What Confirm and Accept come to depends on who says it and when;
// see [Handler.Work].
const (
	VerbNone      Verb = ""          // nothing we know
	VerbStatus    Verb = "status"    // how the contract stands
	VerbConfirm   Verb = "confirm"   // the seller: delivered; the buyer: received
	VerbDelivered Verb = "delivered" // delivered, whoever says it
	VerbReceived  Verb = "received"  // received, whoever says it
	VerbAccept    Verb = "accept"    // the terms, or the goods once money is held
	VerbDecline   Verb = "decline"
	VerbCancel    Verb = "cancel"
	VerbPay       Verb = "pay"
	VerbDispute   Verb = "dispute"
	VerbWithdraw  Verb = "withdraw" // one's own dispute, or one's own wish to call off
	VerbHelp      Verb = "help"
	VerbLanguage  Verb = "language"
	VerbStop      Verb = "stop"  // only as the whole message
	VerbStart     Verb = "start" // only as the whole message
)

// Acts reports whether the verb changes a contract, which no guess may do.
func (v Verb) Acts() bool {
	switch v {
	case VerbConfirm, VerbDelivered, VerbReceived, VerbAccept, VerbDecline, VerbCancel, VerbPay, VerbDispute,
		VerbWithdraw:
		return true
	default:
		return false
	}
}

// takesCode reports whether a code of ours may follow the reference.
func (v Verb) takesCode() bool {
	return v == VerbConfirm || v == VerbAccept || v == VerbReceived || v == VerbCancel
}

// meaning is what a word says, and in which language.
type meaning struct {
	verb     Verb
	language escrow.Language
}

// entry is one line of the lexicon: the words of one verb in one language,
// misspellings that are seen often among them.
type entry struct {
	meaning
	words string
}

func lexicon() []entry {
	en, sw := escrow.English, escrow.Kiswahili
	return []entry{
		{meaning{VerbConfirm, en}, "CONFIRM CONFIRMED CONFRIM COMFIRM CONFIM CNFRM CNFM"},
		{meaning{VerbConfirm, sw}, "THIBITISHA NATHIBITISHA NIMETHIBITISHA DHIBITISHA KUTHIBITISHA " +
			"KUDHIBITISHA THIBISHA THIBITSHA " +
			"IMEFIKA ZIMEFIKA UMEFIKA YAMEFIKA"},
		{meaning{VerbDelivered, en}, "DELIVERED DELIVERD DELIVRED DELIVER DLVRD SENT SHIPPED DISPATCHED"},
		{meaning{VerbDelivered, sw}, "NIMETUMA NIMESHATUMA NIMEFIKISHA NIMELETA NIMEPELEKA NIMEDELIVER"},
		{meaning{VerbReceived, en}, "RECEIVED RECIEVED RECEIVE RECIEVE RECEVED " + //nolint:misspell // as people write it
			"RCVD RECVD GOT RELEASE"},
		{meaning{VerbReceived, sw}, "NIMEPOKEA NIMESHAPOKEA TUMEPOKEA NIMEPATA NIMERECEIVE NIMEPOKEYA POKEA TOA"},
		{meaning{VerbAccept, en}, "ACCEPT ACCEPTED ACEPT ACCPET ACCEP ACPT AGREE AGREED APPROVE " +
			"APPROVED YES YEAH YEP Y OK OKAY OKEY"},
		{meaning{VerbAccept, sw}, "KUBALI KUBARI KUBALIA NAKUBALI NAKUBARI NIMEKUBALI TUMEKUBALI " +
			"NDIYO NDIO NDYO EEH SAWA SAWASAWA POA"},
		{meaning{VerbDecline, en}, "DECLINE DECLINED DICLINE DECLIN REJECT REJECTED REFUSE NO NOPE"},
		{meaning{VerbDecline, sw}, "KATAA NAKATAA NIMEKATAA TUMEKATAA HAPANA HAPANNA LA"},
		{meaning{VerbCancel, en}, "CANCEL CANCELL CANSEL CANCELLED"},
		{meaning{VerbCancel, sw}, "GHAIRI GAIRI GHAHIRI FUTA SITISHA"},
		{meaning{VerbPay, en}, "PAY"},
		{meaning{VerbPay, sw}, "LIPA NALIPA LIPIA KULIPA"},
		{meaning{VerbDispute, en}, "DISPUTE DISPUT DISPUTED DESPUTE PROBLEM PROBLEMS PROBLM PROB " +
			"COMPLAIN COMPLAINT COMPLAINS ISSUE ISSUES"},
		{meaning{VerbDispute, sw}, "TATIZO MATATIZO TATISO TATZO SHIDA MGOGORO MALALAMIKO LALAMIKO LALAMIKA NALALAMIKA"},
		{meaning{VerbWithdraw, en}, "WITHDRAW WITHDRAWN WITHDRAWAL WITHDROW SETTLED SOLVED CONTINUE"},
		{meaning{VerbWithdraw, sw}, "ENDELEA TUENDELEE TUMEELEWANA TUMESULUHISHA"},
		{meaning{VerbStatus, en}, "STATUS STATAS STATUZ STAT STATE CHECK CHEK CHK VIEW"},
		{meaning{VerbStatus, sw}, "HALI ANGALIA"},
		{meaning{VerbHelp, en}, "HELP INFO SUPPORT"},
		{meaning{VerbHelp, sw}, "MSAADA MSADA USAIDIZI SAIDIA NISAIDIE"},
	}
}

// whole are the words that count only as the whole message: "STOP 1234" may
// mean something else, and nobody is to lose messages by it.
func whole() []entry {
	en, sw := escrow.English, escrow.Kiswahili
	return []entry{
		{meaning{VerbStop, en}, "STOP STOPALL UNSUBSCRIBE OPTOUT"},
		{meaning{VerbStop, sw}, "SIMAMISHA ONDOA KUJIONDOA ACHA"},
		{meaning{VerbStart, en}, "START UNSTOP JOIN"},
		{meaning{VerbStart, sw}, "ANZA JIUNGE"},
	}
}

// languages are the names of the languages, and the word for language itself.
func languages() []entry {
	return []entry{
		{meaning{VerbLanguage, escrow.English}, "ENGLISH KIINGEREZA LANGUAGE"},
		{meaning{VerbLanguage, escrow.Kiswahili}, "KISWAHILI SWAHILI KISWA LUGHA"},
	}
}

// index makes a look-up table of entries.
func index(entries ...[]entry) map[string]meaning {
	table := map[string]meaning{}
	for _, list := range entries {
		for _, e := range list {
			for word := range strings.FieldsSeq(e.words) {
				table[word] = e.meaning
			}
		}
	}
	return table
}

// set makes a look-up table of plain words.
func set(words string) map[string]bool {
	table := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		table[word] = true
	}
	return table
}

const (
	// openers may stand before the verb.
	openers = "PLEASE PLEAZ PLS PLZ KINDLY TAFADHALI TAFADHARI NAOMBA I WE IM AM HAVE HI HELLO HEY SASA A " +
		"HABARI MAMBO NIAJE KUNA"
	// nouns name what a number is; "NO" after one of them is short for number.
	nouns = "CONTRACT DEAL ORDER REF REFERENCE AGREEMENT MKATABA ODA BIASHARA"
	// fillers say nothing beside a verb.
	fillers = "NUMBER NUM NAMBA NAMBARI NR FOR OF THE MY ON THIS " +
		"YA WA KWA ZA YANGU WANGU ZANGU GOODS BIDHAA MZIGO DELIVERY RECEIPT KUPOKEA UWASILISHAJI"
	// labels say that the number behind them is the release code. PIN is none of
	// them: what people call so is M-Pesa's, and no try of ours.
	labels = "CODE IS NI KODI MSIMBO"
	// money is what CONFIRM 1234 is not about: "CONFIRM PAYMENT 1234" from a
	// seller does not say that the goods were delivered.
	money = "PAYMENT MONEY CASH MALIPO PESA"
	// praise says that all came and is well, or thanks for it: the only words that
	// may stand beside a release code.
	praise = "THANKS THANK YOU THANX THNX THX TNX VERY MUCH WELL GOOD FINE ALL EVERYTHING IT THEM AND OK OKAY " +
		"ASANTE ASANTENI SANA SHUKRANI SAWA SAWASAWA POA VIZURI NZURI SAFI YOTE ZOTE VYOTE WOTE KILA KITU NA"
	// over are words that end a problem; so do those of [VerbWithdraw].
	over = "OVER RESOLVED FIXED LIMEKWISHA LIMEISHA LIMETATULIWA YAMEKWISHA YAMEISHA IMEKWISHA IMEISHA IMETATULIWA"
	// doubts turn a sentence round or put it off. Beside a verb that moves
	// something they mean that we ask and do not act.
	doubts = "NOT NO NEVER DONT DON CANT CANNOT DIDNT DIDN ISNT ISN WONT WON HAVENT HAVEN YET BUT IF WHEN UNTIL UNLESS " +
		"AFTER BEFORE LATER TOMORROW WILL WAIT EXCEPT WITHOUT " +
		"BADO SI SIO SIYO HAPANA LA LAKINI KAMA IKIWA MPAKA HADI KABLA BAADA BAADAYE KESHO NGOJA SUBIRI SITAKI BILA"
)

// negated are the beginnings of Kiswahili verbs that deny.
func negated(word string) bool {
	for _, prefix := range []string{"SIJA", "HAJA", "HAZIJA", "HAIJA", "HAUJA", "HATUJA", "SITA", "SIKU"} {
		if len(word) > len(prefix) && strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}
