package sim

import "github.com/voicepact/gateway/escrow"

// What one side may do in a day: ask to call a deal off, and add words to a dispute.
const (
	maxAsks  = 5
	maxWords = 3
)

// mayCallOff says who may end a deal before its time: anybody before money is
// held, and both together after.
func (m *model) mayCallOff(d *modelDeal, role escrow.Role, act escrow.Act, code codeTyped) escrow.Code {
	switch {
	case act == escrow.ActCancel && (d.state == escrow.Pending || d.state == escrow.Confirmed):
		return ""
	case act == escrow.ActAgreeCancel && d.state == escrow.Cancelled && d.callOff == role.Other():
		return escrow.Already
	case !d.state.Funded():
		return notNow(d.state)
	default:
		return m.mayCallOffHeld(d, role, act, code)
	}
}

func (m *model) mayCallOffHeld(d *modelDeal, role escrow.Role, act escrow.Act, code codeTyped) escrow.Code {
	switch {
	case act == escrow.ActCancel && d.callOff == role:
		return escrow.CancelWaits
	case act == escrow.ActCancel && d.callOff == "" && d.asks[asking{role, m.today}] == maxAsks:
		return escrow.Enough
	case act == escrow.ActCancel && d.callOff == "":
		return ""
	case d.callOff == "":
		return d.noWish(act, role)
	case (d.callOff == role) != (act == escrow.ActKeepOn):
		return escrow.NotYourTurn
	case act == escrow.ActKeepOn || act == escrow.ActRefuseCancel:
		return ""
	case role == escrow.Buyer: // who agrees and gets money back proves nothing on USSD
		return ""
	default:
		return codeAnswer(code, d.callOffTries, escrow.CancelCodeNeeded)
	}
}

// noWish is said to who answers a wish that is not there.
func (d *modelDeal) noWish(act escrow.Act, role escrow.Role) escrow.Code {
	if d.answered == (answer{act, role}) {
		return escrow.Already
	}
	return escrow.NotNow
}

// mayDispute lets a second dispute be a word to the first.
func (m *model) mayDispute(d *modelDeal, role escrow.Role) escrow.Code {
	switch {
	case d.state == escrow.Disputed && d.words[asking{role, m.today}] == maxWords:
		return escrow.Enough
	case d.state != escrow.Disputed && !d.state.Funded():
		return notNow(d.state)
	default:
		return ""
	}
}

func (m *model) dispute(d *modelDeal, role escrow.Role) {
	if d.state == escrow.Disputed {
		d.words[asking{role, m.today}]++
		return
	}
	d.state, d.disputedFrom, d.disputedBy = escrow.Disputed, d.state, role
}

func mayWithdraw(d *modelDeal, role escrow.Role) escrow.Code {
	switch {
	case d.state != escrow.Disputed && d.state.Funded() && d.disputedBy == role:
		return escrow.Already
	case d.state != escrow.Disputed:
		return notNow(d.state)
	case d.disputedBy == "":
		return escrow.Frozen
	case d.disputedBy != role:
		return escrow.NotYourTurn
	default:
		return ""
	}
}

// codeAnswer is what is said to a code after so many wrong ones.
func codeAnswer(code codeTyped, tries int, missing escrow.Code) escrow.Code {
	switch {
	case tries >= maxWrongCodes:
		return escrow.CodeLocked
	case code == noCode:
		return missing
	case code == wrongCode && tries+1 >= maxWrongCodes:
		return escrow.CodeLocked
	case code == wrongCode:
		return escrow.BadCode
	default:
		return ""
	}
}

// callOff ends a deal, or notes that one side wants to.
func (m *model) callOff(d *modelDeal, role escrow.Role) {
	if d.state.Funded() && d.callOff == "" {
		d.callOff, d.answered = role, answer{}
		d.asks[asking{role, m.today}]++
		return
	}
	d.state = escrow.Cancelled
	m.owed[d.buyer] += d.held
	d.held = 0
}

// miss counts a wrong code.
func (d *modelDeal) miss(act escrow.Act) {
	tries := &d.callOffTries
	if act == escrow.ActAccept {
		tries = &d.tries
	}
	if *tries < maxWrongCodes {
		*tries++
	}
}
