package escrow

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
)

// Role is a party's side of a contract.
type Role string

// The two sides.
const (
	Buyer  Role = "buyer"
	Seller Role = "seller"
)

// Other is the other side.
func (r Role) Other() Role {
	if r == Buyer {
		return Seller
	}
	return Buyer
}

// Contract is one deal between two parties.
type Contract struct {
	ID       uuid.UUID
	Ref      Ref
	State    State
	Version  int64 // counts changes; every update names the version it read
	Proposer Role
	Buyer    Party
	Seller   Party

	Item      string    // what is sold, and how much of it
	Place     string    // where it is handed over; empty where nobody said
	Quality   string    // what it has to be like; empty where nobody said
	Amount    Cents     // the price; see Payable and Receivable for what is paid
	Fee       Cents     // what the service takes; zero where it takes nothing
	FeePayer  Role      // who bears the fee; empty where there is none
	DeliverBy time.Time // the last day of delivery, at midnight East Africa Time
	TermsHash []byte    // SHA-256 of the terms, frozen when both agreed

	DisputedFrom State // the state a dispute froze, for withdrawal
	DisputedBy   Role
	Reason       string // why it is disputed, in the party's words
	CodeTries    int    // wrong release codes so far

	Due Due // what happens by itself, and when

	CancelBy    Role      // who asked to call it off while money is held; empty where nobody did
	CancelAt    time.Time // when they asked
	CancelTries int       // wrong codes that the other side has agreed with so far

	RemindedAt time.Time // when one side last reminded the other; zero where neither did

	ChainSeq  int64  // audit events so far
	ChainHead []byte // hash of the newest audit event

	CreatedAt time.Time
	UpdatedAt time.Time
}

// Party returns the party on the given side.
func (c Contract) Party(role Role) Party {
	if role == Buyer {
		return c.Buyer
	}
	return c.Seller
}

// RoleOf returns the side that a phone is on, and whether it is on one at all.
func (c Contract) RoleOf(phone Phone) (Role, bool) {
	switch phone {
	case c.Buyer.Phone:
		return Buyer, true
	case c.Seller.Phone:
		return Seller, true
	default:
		return "", false
	}
}

// Act is what a party can do with a contract now.
type Act string

// The acts that channels offer. Which of them are open is [Contract.Acts].
const (
	ActAgree   Act = "agree"
	ActDecline Act = "decline"
	ActCancel  Act = "cancel"
	ActPay     Act = "pay"
	ActDeliver Act = "deliver"
	ActAccept  Act = "accept"
	ActDispute Act = "dispute"

	ActAgreeCancel  Act = "agree_cancel"  // to call off what the other side wants to
	ActRefuseCancel Act = "refuse_cancel" // to say no to that
	ActKeepOn       Act = "keep_on"       // take back one's own wish to call off
	ActWithdraw     Act = "withdraw"      // take back one's own dispute
)

// Acts lists what role can do with the contract as it stands, the natural act
// first. The use cases check the same rules again under lock.
func (c Contract) Acts(role Role) []Act {
	acts := c.stateActs(role)
	if !c.State.Funded() {
		return acts
	}
	switch c.CancelBy {
	case "":
		return append(acts, ActCancel)
	case role:
		return append(acts, ActKeepOn)
	default:
		return append(acts, ActAgreeCancel, ActRefuseCancel)
	}
}

func (c Contract) stateActs(role Role) []Act {
	switch c.State {
	case Pending:
		if role == c.Proposer {
			return []Act{ActCancel}
		}
		return []Act{ActAgree, ActDecline}
	case Confirmed:
		if role == Buyer {
			return []Act{ActPay, ActCancel}
		}
		return []Act{ActCancel}
	case PaymentLocked:
		if role == Buyer {
			return []Act{ActAccept, ActDispute}
		}
		return []Act{ActDeliver, ActDispute}
	case Delivered:
		if role == Buyer {
			return []Act{ActAccept, ActDispute}
		}
		return []Act{ActDispute}
	case Accepted:
		if role == Seller {
			return []Act{ActDeliver, ActDispute}
		}
		return []Act{ActDispute}
	case Disputed:
		if c.DisputedBy == role {
			return []Act{ActWithdraw}
		}
		return nil
	case Completed, Cancelled, Expired, Resolved:
		return nil
	default:
		return nil
	}
}

// WaitsFor returns the act that the contract waits for from role, and whether
// it waits for one: what the first screen offers.
func (c Contract) WaitsFor(role Role) (Act, bool) {
	switch {
	case c.State == Pending && role != c.Proposer:
		return ActAgree, true
	case c.State == Confirmed && role == Buyer:
		return ActPay, true
	case c.State == PaymentLocked && role == Seller:
		return ActDeliver, true
	case c.State == Delivered && role == Buyer:
		return ActAccept, true
	case c.State == Accepted && role == Seller:
		return ActDeliver, true
	case c.State.Funded() && c.CancelBy == role.Other():
		return ActAgreeCancel, true
	default:
		return "", false
	}
}

// Terms is the canonical text that both parties agree to. Its hash is frozen
// with the agreement and later signed.
func (c Contract) Terms() string {
	terms := []string{
		"voicepact-terms-1",
		c.ID.String(), string(c.Ref),
		c.Buyer.ID.String(), c.Seller.ID.String(),
		strconv.FormatInt(int64(c.Amount), 10) + " KES cents",
		c.DeliverBy.Format(time.DateOnly),
		c.Item,
	}
	// What nobody said is left out, so that older agreements keep their hash.
	if c.Place != "" {
		terms = append(terms, "place: "+c.Place)
	}
	if c.Quality != "" {
		terms = append(terms, "quality: "+c.Quality)
	}
	if c.Fee > 0 {
		terms = append(terms, strconv.FormatInt(int64(c.Fee), 10)+" KES cents fee, paid by the "+string(c.FeePayer))
	}
	return strings.Join(terms, "\n")
}

func (c Contract) hashTerms() []byte {
	sum := sha256.Sum256([]byte(c.Terms()))
	return sum[:]
}

// maxItem is the longest description of the goods, in characters: with it
// every screen and message still fits.
const maxItem = 24

// ParseItem reads what is sold, folding white space and dropping what a
// feature phone cannot show. It refuses [BadItem] where no word is in it.
func ParseItem(text string) (string, error) {
	item := printable(text)
	if len([]rune(item)) > maxItem || letters(item) < fewestLetters {
		return "", Refuse(BadItem)
	}
	return item, nil
}

// fewestLetters is what a word has at least: "7" and "10 x" name no goods.
const fewestLetters = 2

func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// ParseDetail reads a term that may be left out, as [ParseItem] reads what is sold.
func ParseDetail(text string) (string, error) {
	detail := printable(text)
	if len([]rune(detail)) > maxItem {
		return "", Refuse(BadDetail)
	}
	return detail, nil
}

// Detailed reports whether there are terms beside goods, price and day.
func (c Contract) Detailed() bool { return c.Place != "" || c.Quality != "" }

// printable folds white space and control characters, which neither a feature
// phone nor PostgreSQL would take, into single spaces.
func printable(text string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(visible), " ")
}

// EAT is East Africa Time: UTC+3 without daylight saving, fixed so that no
// time-zone data is needed.
var EAT = time.FixedZone("EAT", 3*60*60)

// Day returns the midnight, East Africa Time, that begins t's day.
func Day(t time.Time) time.Time {
	y, m, d := t.In(EAT).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, EAT)
}

// MaxAhead is how far ahead a delivery can be promised.
const MaxAhead = 365 * 24 * time.Hour

func checkDeliverBy(day, now time.Time) error {
	if day.Before(Day(now)) || day.After(now.Add(MaxAhead)) {
		return Refuse(BadDate)
	}
	return nil
}
