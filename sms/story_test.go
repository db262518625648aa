package sms

import (
	"testing"

	"github.com/voicepact/gateway/escrow"
)

func TestDealInEnglish(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.introduce("")
	d.tell(`
		* Otieno proposes by USSD
		Amina: status
		Amina: PAY 1234
		Amina: yes 1234
		Amina: YES-1234
		Otieno: Hi, confirm 1234
		Amina: pay 1234
		Amina: pay 1234
		* Amina cancels the prompt
		Amina: Pay.1234
		* Amina pays
		Amina: accept 1234
		Otieno: status
		Otieno: Confirm 12 34
		Otieno: confirm1234
		Amina: confirm 1234
		Amina: accept 1234 0000
		Amina: accept 1234 83 05
		Otieno: 1234
		* M-Pesa pays Otieno
		Amina: accept 1234 8305
		Amina: dispute 1234 too late
		Amina: status
	`)
	if state := d.state(); state != escrow.Completed {
		t.Errorf("the deal ends in %s", state)
	}
	d.compare("deal.en.txt")
}

func TestDealInKiswahili(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.introduce("")
	d.tell(`
		Otieno: Kiswahili
		* Otieno proposes by USSD
		Amina: hali
		Amina: kubali 1234
		Amina: LIPA1234
		* Amina cancels the prompt
		Amina: lipa 1234
		* Amina pays
		Amina: kubali 1234
		Otieno: hali 1234
		Otieno: dhibitisha 1234
		Amina: thibitisha 1234
		Amina: kubali 1234 0000
		Amina: 1234 nimepokea 8305
		Otieno: 1234
		* M-Pesa pays Otieno
		Amina: kubali 1234 8305
		Otieno: msaada
	`)
	if state := d.state(); state != escrow.Completed {
		t.Errorf("the deal ends in %s", state)
	}
	d.compare("deal.sw.txt")
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	for language, script := range map[escrow.Language]string{
		escrow.English: `
			* Otieno proposes by USSD
			Amina: DISPUTE 1234 rotten
			Amina: accept 1234
			Amina: pay 1234
			* Amina pays
			Otieno: confirm 1234
			Amina: dispute 1234: 3 bags are rotten, and the rest is wet!
			Amina: accept 1234 8305
			Otieno: confirm 1234
			Otieno: dispute 1234
			Otieno: dispute 1234 it rained on the way
			Amina: dispute 1234 3 bags, and I have a picture
			Otieno: status 1234
		`,
		escrow.Kiswahili: `
			* Otieno proposes by USSD
			Amina: sawa 1234
			Amina: lipa 1234
			* Amina pays
			Otieno: kuna tatizo 1234
			Amina: tatizo 1234 mahindi yameoza
			Otieno: tatizo 1234 mvua ilinyesha njiani
			Amina: hali
		`,
	} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.introduce(language)
			d.tell(script)
			if state := d.state(); state != escrow.Disputed {
				t.Errorf("the deal is %s", state)
			}
			d.compare("dispute." + string(language) + ".txt")
		})
	}
}

// TestANoToCallingOff has the seller say no to it, twice: whoever asked is told, and
// with nothing asked a no is refused.
func TestANoToCallingOff(t *testing.T) {
	t.Parallel()
	for language, script := range map[escrow.Language]string{
		escrow.English: `
			* Otieno proposes by USSD
			Amina: accept 1234
			Amina: pay 1234
			* Amina pays
			Amina: cancel 1234
			Otieno: NO 1234
			Amina: cancel 1234
			Otieno: no-1234
			Otieno: no 1234
		`,
		escrow.Kiswahili: `
			* Otieno proposes by USSD
			Amina: kubali 1234
			Amina: lipa 1234
			* Amina pays
			Amina: ghairi 1234
			Otieno: HAPANA 1234
			Otieno: hapana 1234
		`,
	} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.introduce(language)
			d.tell(script)
			if state := d.state(); state != escrow.PaymentLocked {
				t.Errorf("the deal is %s", state)
			}
			d.compare("no." + string(language) + ".txt")
		})
	}
}

func TestRefusedDeals(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"declined.en.txt": `
			* Otieno proposes by USSD
			Otieno: accept 1234
			Otieno: no 1234
			Amina: NO-1234
			Amina: yes 1234
			Otieno: status 1234
		`,
		"cancelled.en.txt": `
			* Otieno proposes by USSD
			Amina: accept 1234
			Amina: cancel
			Otieno: cancel 1234
			Amina: pay 1234
			Amina: cancel 1234
		`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.introduce(escrow.English)
			d.tell(script)
			if state := d.state(); state != escrow.Cancelled {
				t.Errorf("the deal is %s", state)
			}
			d.compare(name)
		})
	}
}

// TestMoneyInTheStatus asks how a contract stands whenever its money has moved, or
// has not: the buyer cancels while the prompt is open, pays it all the same, and
// gets the money back.
func TestMoneyInTheStatus(t *testing.T) {
	t.Parallel()
	for language, script := range map[escrow.Language]string{
		escrow.English: `
			* Otieno proposes by USSD
			Amina: accept 1234
			Amina: pay 1234
			Amina: status
			Otieno: status
			* Amina cancels the prompt
			Amina: status
			Otieno: status
			Amina: pay 1234
			Amina: cancel 1234
			Amina: status 1234
			* Amina pays
			Amina: status 1234
			* M-Pesa pays Amina back
			Amina: status 1234
			Otieno: status 1234
		`,
		escrow.Kiswahili: `
			* Otieno proposes by USSD
			Amina: kubali 1234
			Amina: lipa 1234
			Amina: hali
			* Amina cancels the prompt
			Amina: hali
			Amina: lipa 1234
			Amina: ghairi 1234
			Amina: hali 1234
			* Amina pays
			Amina: hali 1234
			* M-Pesa pays Amina back
			Amina: hali 1234
		`,
	} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.introduce(language)
			d.tell(script)
			d.compare("money." + string(language) + ".txt")
		})
	}
}

// TestQuestions plays what is asked back: nothing of it may move anything.
func TestQuestions(t *testing.T) {
	t.Parallel()
	for language, script := range map[escrow.Language]string{
		escrow.English: `
			* Otieno proposes by USSD
			Amina: accept
			Amina: NO
			Amina: acceptt 1234
			Amina: accept 1234 when I see it
			Amina: I will not accept 1234
			Amina: accept that he brings the maize of 1234
			Amina: STATSU
			Amina: 1235
			Amina: good morning
			Amina: HELP
			Amina: STOP
			Mallory: accept 1234
			Mallory: status
			Mallory: is 1234 real?
		`,
		escrow.Kiswahili: `
			* Otieno proposes by USSD
			Amina: kubali
			Amina: kubalii 1234
			Amina: kubali 1234 kesho
			Amina: sitaki kubali 1234
			Amina: 1235
			Amina: habari ya asubuhi
			Amina: MSAADA
			Mallory: kubali 1234
		`,
	} {
		t.Run(string(language), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.introduce(language)
			d.tell(script)
			if state := d.state(); state != escrow.Pending {
				t.Errorf("a question moved the contract to %s", state)
			}
			d.compare("questions." + string(language) + ".txt")
		})
	}
}
