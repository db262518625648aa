package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/internal/simulator"
	"github.com/voicepact/gateway/internal/testkit"
)

// trader is a couple that makes one deal after the other while gateways and
// servers die under it, and does what people do then: dial again, look how
// things stand, and go on from there.
type trader struct {
	couple
	market *market
	bySMS  bool // all but the offer, and looking, is done by SMS
	deals  int
	lot    string // what the deal under way is about
	ref    string
	// accepted says that the buyer has tried to accept: when nobody is asked for
	// anything any more, the deal is done.
	accepted bool
	seen     string // the first screens of both, for who asks why it stands still
}

func newTrader(m *market, n int) *trader {
	t := &trader{couple: newCouple(m.rig, n), market: m, bySMS: n%2 == 1}
	t.buyer.WalletCents = 400_000_00 // for hundreds of deals
	m.person(t.buyer)
	m.person(t.seller)
	return t
}

// trade makes deals until quit is closed, and ends after a whole one.
func (t *trader) trade(ctx context.Context, quit <-chan struct{}) error {
	for {
		select {
		case <-quit:
			return nil
		default:
		}
		if err := t.deal(ctx); err != nil {
			return fmt.Errorf("couple %d, %s %s: %w", t.n, t.lot, t.ref, err)
		}
		t.deals++
		t.market.deals.Add(1)
	}
}

// deal goes on until nothing is left to do. What fails is tried again; only what
// must never happen ends it.
func (t *trader) deal(ctx context.Context) error {
	// Longer than all the gateway's own waiting in a hurry: 1 min for a payment
	// that was lost on the way, and what a round takes away of it.
	const patience = 5 * time.Minute
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the deal does not end"))
	defer cancel()
	t.lot, t.ref, t.accepted = fmt.Sprintf("%s-%d", t.item, t.deals), "", false
	for offers := 1; ; {
		done, err := t.step(ctx, &offers)
		if done || errors.Is(err, errOthers) {
			return err
		}
		if waitErr := pause(ctx, 200*time.Millisecond); waitErr != nil {
			return errors.Join(waitErr, err, errors.New(t.seen))
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// step looks at both phones and does the one thing that is asked for.
func (t *trader) step(ctx context.Context, offers *int) (done bool, err error) {
	buyer, err := t.home(ctx, t.buyer)
	if err != nil {
		return false, err
	}
	seller, err := t.home(ctx, t.seller)
	if err != nil {
		return false, err
	}
	t.seen = fmt.Sprintf("the buyer sees\n%s\nand the seller\n%s", buyer, seller)
	for _, act := range []struct {
		shown, screen string
		do            func(context.Context) error
	}{{"Agree?", buyer, t.agree}, {"Pay", buyer, t.pay}, {"Delivered", seller, t.deliver}, {"Got", buyer, t.accept}} {
		row := regexp.MustCompile(regexp.QuoteMeta(act.shown) + ` (\d+) ` + t.lot).FindStringSubmatch(act.screen)
		if row != nil {
			t.ref = row[1]
			return false, act.do(ctx)
		}
	}
	if t.ref == "" {
		*offers++
		return false, t.offer(ctx, *offers)
	}
	return t.accepted, nil
}

// home is somebody's first screen. A call that was cut off is gone on with where it
// is the offer that is wanted, and forgotten otherwise. An apology in its place says
// nothing about what is asked for.
func (t *trader) home(ctx context.Context, who simulator.Person) (string, error) {
	screen, err := t.dial(ctx, who)
	wanted := t.ref == "" && strings.Contains(screen, t.lot)
	if err == nil && strings.Contains(screen, "cut off") && !wanted {
		screen, err = t.dial(ctx, who, choose("Start over"))
	}
	if err == nil && !strings.HasPrefix(screen, "CON ") {
		err = errors.New("in the place of the first screen: " + screen)
	}
	return screen, err
}

func (t *trader) offer(ctx context.Context, n int) error {
	local := "0" + strings.TrimPrefix(t.buyer.Number, "+254")
	screen, err := t.dial(ctx, t.seller, choose("Continue"), choose("Menu"), choose("New contract"), choose("Seller"),
		answer("phone number", local), answer("What is sold", fmt.Sprintf("%s-%d", t.lot, n)),
		choose("Today"), choose("Send"), answer("Ksh", strconv.Itoa(1_000+t.deals%1_000)))
	if err == nil && strings.Contains(screen, "sent to") {
		t.market.memory.promised(refOnScreen.FindString(screen), "propose")
	}
	return err
}

func (t *trader) agree(ctx context.Context) error {
	if t.bySMS {
		return t.texts(ctx, t.buyer, "ACCEPT "+t.ref)
	}
	return t.does(ctx, t.buyer, "Agreed", "accept confirmed", "Agree\\? "+t.ref+".*", "Agree")
}

func (t *trader) pay(ctx context.Context) error {
	if prompted, err := t.entersPIN(ctx); prompted || err != nil {
		return err
	}
	if t.bySMS {
		return t.texts(ctx, t.buyer, "PAY "+t.ref)
	}
	return t.does(ctx, t.buyer, "M-Pesa asks for your PIN", "collect.created", "Pay "+t.ref+".*", "Pay by M-Pesa")
}

func (t *trader) deliver(ctx context.Context) error {
	if t.bySMS {
		return t.texts(ctx, t.seller, "CONFIRM "+t.ref)
	}
	return t.does(ctx, t.seller, "Thank you", "confirm_delivery", "Delivered "+t.ref+".*", "Yes, delivered")
}

func (t *trader) accept(ctx context.Context) error {
	t.accepted = true
	if !t.bySMS {
		return t.does(ctx, t.buyer, "Done", "accept completed", "Got "+t.ref+".*", "Yes, pay")
	}
	phones, err := phonesOf(ctx, t.sim)
	if err != nil {
		return err
	}
	words := "ACCEPT " + t.ref // asks for the code where the notice was lost
	notice := regexp.MustCompile(words + ` \d{4}`)
	for _, m := range phones[t.buyer.Number].Inbox {
		if found := notice.FindString(m.Text); found != "" && !m.Out {
			words = found
		}
	}
	return t.texts(ctx, t.buyer, words)
}

// does dials and chooses, and keeps in mind what the last screen promised.
func (t *trader) does(ctx context.Context, who simulator.Person, shown, event string, choices ...string) error {
	picks := make([]pick, len(choices))
	for i, choice := range choices {
		picks[i] = choose(choice)
	}
	screen, err := t.dial(ctx, who, picks...)
	if err == nil && strings.Contains(screen, shown) {
		t.market.memory.promised(t.ref, event)
	}
	return err
}

// texts sends a text, and gives it the time that it takes to be worked.
func (t *trader) texts(ctx context.Context, who simulator.Person, words string) error {
	body, err := json.Marshal(map[string]string{"text": words})
	if err != nil {
		return err
	}
	_, err = testkit.Exchange(ctx, http.DefaultClient.Do, http.MethodPost, pathOf(t.sim, who.Number, "sms"), "application/json", string(body))
	if err != nil {
		return err
	}
	return pause(ctx, time.Second)
}

// pick is what a person types at a screen that has the choice or the words.
type pick struct {
	choice *regexp.Regexp
	words  string
	typed  string
}

func choose(choice string) pick {
	return pick{choice: regexp.MustCompile(`(?m)^(\d+)\. ` + choice + `$`)}
}

func answer(words, typed string) pick { return pick{words: words, typed: typed} }

func (p pick) at(screen string) string {
	if p.choice == nil {
		if strings.Contains(screen, p.words) {
			return p.typed
		}
		return ""
	}
	if found := p.choice.FindStringSubmatch(screen); found != nil {
		return found[1]
	}
	return ""
}

// answerLimit is when Africa's Talking hangs up.
const answerLimit = 10 * time.Second

// dial goes from screen to screen by the first pick that fits, and returns the
// screen at which none does. Whoever has never called chooses English.
func (t *trader) dial(ctx context.Context, who simulator.Person, picks ...pick) (string, error) {
	session := "ATUid_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	picks = append([]pick{choose("English")}, picks...)
	typed := []string{}
	const most = 15
	for range most {
		screen, err := t.press(ctx, session, who, strings.Join(typed, "*"))
		if err != nil {
			return "", err
		}
		next := ""
		for _, p := range picks {
			if next = p.at(screen); next != "" {
				break
			}
		}
		if next == "" {
			return screen, nil
		}
		typed = append(typed, next)
	}
	return "", errors.New("the screens go round: " + strings.Join(typed, "*"))
}

func (t *trader) press(ctx context.Context, session string, who simulator.Person, text string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	begun := time.Now()
	screen, err := t.hop(ctx, session, who, text)
	t.market.waits.add(time.Since(begun))
	return screen, err
}

// phonesOf reads all phones.
func phonesOf(ctx context.Context, sim string) (map[string]simulator.PhoneView, error) {
	reply, err := testkit.Exchange(ctx, http.DefaultClient.Do, http.MethodGet, sim+"/sim/state", "", "")
	if err != nil {
		return nil, err
	}
	var all simulator.State
	if err := json.Unmarshal([]byte(reply.Body), &all); err != nil {
		return nil, err
	}
	phones := map[string]simulator.PhoneView{}
	for _, phone := range all.Phones {
		phones[phone.Number] = phone
	}
	return phones, nil
}
