package mobilemoney

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
)

// The kinds that answers to [Client.AskBalance] are kept under. After a time-out
// nothing follows but that it can be asked again.
const (
	KindBalance               = "balance"
	KindBalanceTimeout        = KindBalance + timedOut
	KindPayBillBalance        = "balance_paybill"
	KindPayBillBalanceTimeout = KindPayBillBalance + timedOut
)

// balanceKinds lists the callbacks about our accounts.
func balanceKinds() []string {
	return []string{KindBalance, KindBalanceTimeout, KindPayBillBalance, KindPayBillBalanceTimeout}
}

const (
	pathBalance    = "/mpesa/accountbalance/v1/query"
	balanceCommand = "AccountBalance"
)

type balanceRequest struct {
	Initiator          string `json:"Initiator"`
	SecurityCredential string `json:"SecurityCredential"`
	CommandID          string `json:"CommandID"`
	PartyA             string `json:"PartyA"`
	IdentifierType     string `json:"IdentifierType"`
	Remarks            string `json:"Remarks"`
	QueueTimeOutURL    string `json:"QueueTimeOutURL"`
	ResultURL          string `json:"ResultURL"`
}

// AskBalance asks what stands on the accounts that pay out, and on those that are
// paid into where they are others. The answers come by callback, for
// [DecodeBalance]. It moves no money, but a wrong credential counts against the
// initiator as in a payout.
//
// Errors are [AnswerError] and those of the way there.
func (c *Client) AskBalance(ctx context.Context) error {
	err := c.askBalanceOf(ctx, c.cfg.B2CShortCode, KindBalance)
	if err != nil || c.cfg.ShortCode == c.cfg.B2CShortCode {
		return err
	}
	return c.askBalanceOf(ctx, c.cfg.ShortCode, KindPayBillBalance)
}

func (c *Client) askBalanceOf(ctx context.Context, shortCode, kind string) error {
	credential, err := seal(c.key, c.cfg.InitiatorPassword)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("id of a balance request: %w", err)
	}
	a, err := c.post(ctx, c.balance, pathBalance, balanceRequest{
		Initiator: c.cfg.InitiatorName, SecurityCredential: credential, CommandID: balanceCommand,
		PartyA: shortCode, IdentifierType: byShortCode, Remarks: "VoicePact balance",
		QueueTimeOutURL: c.callbackURL(kind+timedOut, id), ResultURL: c.callbackURL(kind, id),
	})
	if err != nil {
		return err
	}
	if !a.accepted() {
		return a.trouble("ask for the balance", balanceMeaning)
	}
	return nil
}

// The accounts of an organisation that payouts are about.
const (
	UtilityAccount = "Utility Account" // pays out
	WorkingAccount = "Working Account" // settles to the bank
	ChargesAccount = "Charges Paid Account"
)

// DecodeBalance reads what a kept callback says of our accounts: the answer to
// [Client.AskBalance], or the result of a payout or a reversal, which tell what
// was left. At is zero where the callback names no time.
//
// Errors are [AnswerError]. With [KindBalance] its Cause says why M-Pesa did not
// tell; of a payout that failed it only says that there is nothing to read.
func DecodeBalance(kind string, body []byte) (escrow.Balance, error) {
	const act = "read a balance"
	r, ok := readResult(body)
	code := shortCode(r.ResultCode)
	switch {
	case !ok || !r.final():
		return escrow.Balance{}, &AnswerError{Act: act, Code: codeGarbled, Reason: "no final result"}
	case code != codeDone:
		return escrow.Balance{}, &AnswerError{Act: act, Code: code, Reason: words(r.ResultDesc), Cause: balanceMeaning(code).cause}
	}
	items := r.ResultParameters.ResultParameter
	var balance escrow.Balance
	switch kind {
	case KindBalance, KindPayBillBalance:
		balance.PayBill = kind == KindPayBillBalance
		balance.At = items.one("BOCompletedTime").moment()
		balance.Accounts, ok = accounts(items.one("AccountBalance"))
	case kindB2C:
		balance.At = items.one("TransactionCompletedDateTime").moment()
		balance.Accounts, ok = fundsLeft(items)
	case kindReversal:
		balance.PayBill = true // a reversal leaves from where the payment came to
		balance.At = items.one("TransCompletedTime").moment()
		balance.Accounts, ok = accounts(items.one("DebitAccountBalance"))
	default:
		ok = false
	}
	if !ok {
		return escrow.Balance{}, &AnswerError{Act: act, Code: codeGarbled, Reason: "no accounts that can be read"}
	}
	return balance, nil
}

// fundsLeft reads the funds that the result of a payout names.
func fundsLeft(items parameters) ([]escrow.BalanceLine, bool) {
	var lines []escrow.BalanceLine
	for _, each := range []struct {
		key  scalar
		name string
	}{
		{"B2CUtilityAccountAvailableFunds", UtilityAccount},
		{"B2CWorkingAccountAvailableFunds", WorkingAccount},
		{"B2CChargesPaidAccountAvailableFunds", ChargesAccount},
	} {
		if left, ok := items.one(each.key).signed(); ok {
			lines = append(lines, escrow.BalanceLine{Name: each.name, Current: left, Available: left})
		}
	}
	return lines, len(lines) > 0
}

// accounts reads "Utility Account|KES|228037.00|228037.00|0.00|0.00&…". What the
// four amounts are is not certain: the portal names the first available, and its
// samples add up only if the second is. So the smaller of the two is what can be
// spent.
func accounts(text scalar) ([]escrow.BalanceLine, bool) {
	var lines []escrow.BalanceLine
	for account := range strings.SplitSeq(string(text), "&") {
		line, ok := accountLine(account)
		if !ok {
			return nil, false
		}
		lines = append(lines, line)
	}
	return lines, true
}

func accountLine(account string) (escrow.BalanceLine, bool) {
	fields := strings.Split(strings.TrimSpace(account), "|")
	name, last := fields[0], fields[len(fields)-1]
	if strings.HasPrefix(last, "{") {
		if len(fields) == 1 {
			name = ""
		}
		amount, ok := basicAmount(last)
		return escrow.BalanceLine{Name: name, Current: amount, Available: amount}, ok && len(fields) <= 2
	}
	const atLeast = 4 // name, currency, two amounts
	if len(fields) < atLeast || fields[1] != "KES" {
		return escrow.BalanceLine{}, false
	}
	first, ok := scalar(fields[2]).signed()
	second, alsoOK := scalar(fields[3]).signed()
	return escrow.BalanceLine{Name: name, Current: first, Available: min(first, second)}, ok && alsoOK
}

// basic finds the amount in another spelling that the portal shows, of one
// account: {Amount={CurrencyCode=KES, MinimumAmount=618683, BasicAmount=6186.83}}.
var basic = regexp.MustCompile(`^\{Amount=\{(?:.*[ ,])?BasicAmount=(-?[0-9.]+)[,} ].*$`)

func basicAmount(text string) (escrow.Cents, bool) {
	found := basic.FindStringSubmatch(text)
	if found == nil || !strings.Contains(text, "CurrencyCode=KES") {
		return 0, false
	}
	return scalar(found[1]).signed()
}
