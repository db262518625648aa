package sim

import "github.com/voicepact/gateway/escrow"

// maxAsks is how often in a day one side may ask to call a deal off.
const maxAsks = 5

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
		return escrow.NotNow
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
		d.callOff = role
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
