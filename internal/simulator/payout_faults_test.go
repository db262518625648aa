package simulator

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/voicepact/gateway/internal/simulator/bank"
)

// TestTimeoutBodies posts each of the bodies that are claimed of a queue
// time-out, while the money moved and while it did not.
func TestTimeoutBodies(t *testing.T) {
	t.Parallel()
	for _, moved := range []bool{true, false} {
		faults := Faults{B2CTimeoutInstead: moved, B2CTimeoutFails: !moved}
		w := newWorld(t, faulty(faults))
		w.fund("500")
		state, wallet := "Completed", int64(1_000_00)
		if !moved {
			state = "Expired"
		}
		for variant, id := range []string{"as it is told", "the request", "a result", "nothing"} {
			faults.TimeoutBody = variant
			w.sim.SetFaults(faults)
			request := w.b2cFields(id, "100")
			w.post(pathB2C, request)
			body := w.gateway.wait(t, "/cb/t/1", variant+1)[variant].body
			switch variant {
			case 2:
				r := decode[resultCallback](t, body).Result
				same2(t, id, r.OriginatorConversationID, id)
				same2(t, id, r.ResultDesc, "Request timeout")
			case 3:
				same2(t, id, body, "{}")
			default:
				same2(t, id, body, encode(t, request))
			}
			_, facts := w.statusOf("OriginalConversationID", id)
			same2(t, id, facts["TransactionStatus"], any(state))
			if moved {
				wallet += 100_00
			}
			same2(t, "paid", w.adds().Wallets[seller], wallet)
		}
		same2(t, "results", len(w.gateway.at("/cb/r/1")), 0)
	}
}

func TestResultAfterTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{B2CTimeoutInstead: true, B2CResultAfterTimeout: true}))
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	w.gateway.wait(t, "/cb/t/1", 1)
	same2(t, "code", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 1)[0].body).Result.ResultCode, resultDone)
}

// TestDuplicateID has the three reported refusals of a used id; each says that
// there was one, and nothing of what became of it.
func TestDuplicateID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	w.gateway.wait(t, "/cb/r/1", 1)
	for variant, want := range map[string]struct {
		status int
		code   any
		words  any
	}{
		"":       {http.StatusInternalServerError, nil, nil},
		"200":    {http.StatusOK, "1", "Duplicate OriginatorConversationID."},
		"result": {http.StatusOK, "0", "Accept the service request successfully."},
	} {
		w.sim.SetFaults(Faults{DuplicateID: variant})
		status, answer := w.post(pathB2C, w.b2cFields("id-1", "100"))
		same2(t, variant, status, want.status)
		same2(t, variant, answer["ResponseCode"], want.code)
		same2(t, variant, answer["ResponseDescription"], want.words)
	}
	same2(t, "result", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 2)[1].body).Result.ResultCode, resultSeen)
	same2(t, "paid once", w.adds().Wallets[seller], 1_100_00)
}

// TestInitiatorLocks has wrong passwords lock the operator for all that it does,
// also with the right one, until it is unlocked.
func TestInitiatorLocks(t *testing.T) {
	t.Parallel()
	key, err := GenerateKey()
	must(t, err)
	w := newWorld(t, func(c *Config) { c.Key, c.InitiatorTries = key, 2 })
	w.fund("500")
	n := 0
	code := func(credential string) resultCode {
		body := w.b2cFields("id-"+strconv.Itoa(n), "100").with("SecurityCredential", credential)
		w.post(pathB2C, body)
		n++
		return decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", n)[n-1].body).Result.ResultCode
	}
	right, wrong := seal(t, key, "Pa55#word"), seal(t, key, "password")
	for i, step := range []struct {
		credential string
		want       resultCode
	}{
		{wrong, resultInitiator},
		{right, resultDone}, // forgets the one before
		{wrong, resultInitiator},
		{wrong, resultInitiator},
		{right, resultLocked},
		{wrong, resultLocked},
	} {
		if got := code(step.credential); got != step.want {
			t.Errorf("payout %d: got %s, want %s", i, got, step.want)
		}
	}
	w.post(pathStatus, w.statusFields("TransactionID", "UKN7RT61SV").with("SecurityCredential", right))
	same2(t, "status too", decode[resultCallback](t, w.gateway.wait(t, "/cb/q/1", 1)[0].body).Result.ResultCode, resultLocked)
	must(t, w.sim.UnlockInitiator(t.Context()))
	same2(t, "unlocked", code(right), resultDone)
	w.tells("Result: the operator is locked")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, faulty(Faults{NoB2CRole: true, NoStatusRole: true}))
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	same2(t, "b2c", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 1)[0].body).Result.ResultCode, resultRole)
	r, _ := w.statusOf("OriginalConversationID", "id-1")
	same2(t, "status", r.ResultCode, resultRole)

	w.sim.SetFaults(Faults{NoB2CRole: true, RoleAtOnce: true})
	status, answer := w.post(pathB2C, w.b2cFields("id-2", "100"))
	same2(t, "at once", status, http.StatusOK)
	same2(t, "at once", answer["ResponseCode"], any("21"))
	w.sim.SetFaults(Faults{})
	status, _ = w.post(pathB2C, w.b2cFields("id-2", "100"))
	same2(t, "the id is not burnt", status, http.StatusOK)
	w.turn()
	same2(t, "results", len(w.gateway.at("/cb/r/1")), 2)
}

func TestPayoutDailyLimit(t *testing.T) {
	t.Parallel()
	clk := newClock()
	w := newWorld(t, func(c *Config) { c.Now = clk.now })
	must(t, w.sim.MoveFloat(t.Context(), FloatMove{From: InCash, To: InUtility, Cents: 900_000_00}))
	code := func(id, amount string) resultCode {
		w.post(pathB2C, w.b2cFields(id, amount))
		clk.advance(testDelay)
		all := w.gateway.at("/cb/r/1")
		return decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", len(all)+1)[len(all)].body).Result.ResultCode
	}
	same2(t, "first", code("a", "250000"), resultDone)
	w.do(seller, "paybill", payBillForm("249000").with("pin", "4321")) // makes room in the wallet
	same2(t, "second", code("b", "250000"), resultDone)
	same2(t, "over the day", code("c", "10"), resultDayFull)
	same2(t, "wallet", w.adds().Wallets[seller], 1_000_00+251_000_00)
}

// TestSeparateFloat keeps what was collected away from payouts until somebody
// moves it, and the other way round.
func TestSeparateFloat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SeparateFloat = true })
	w.fund("500")
	w.post(pathB2C, w.b2cFields("id-1", "100"))
	same2(t, "empty", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 1)[0].body).Result.ResultCode, resultFunds)
	must(t, w.sim.MoveFloat(t.Context(), FloatMove{From: InCash, To: InWorking, Cents: 300_00}))
	w.post(pathB2C, w.b2cFields("id-2", "100"))
	same2(t, "in the wrong account", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 2)[1].body).Result.ResultCode, resultFunds)
	must(t, w.sim.MoveFloat(t.Context(), FloatMove{From: InWorking, To: InUtility, Cents: 200_00}))
	w.post(pathB2C, w.b2cFields("id-3", "200"))
	same2(t, "filled", decode[resultCallback](t, w.gateway.wait(t, "/cb/r/1", 3)[2].body).Result.ResultCode, resultDone)
	st := w.adds()
	for account, cents := range map[string]int64{
		bank.Utility("174379"): 500_00, bank.Utility("600992"): 0, bank.Working("600992"): 100_00, bank.Charges("600992"): -5_00,
	} {
		same2(t, account, st.Accounts[account], cents)
	}
	same2(t, "all utility", st.UtilityCents, 500_00)
	same2(t, "all working", st.WorkingCents, 100_00)
}
