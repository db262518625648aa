package handset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/voicepact/gateway/internal/transcript"
)

// Player plays transcripts on the phones of a desk, beside a gateway that runs.
type Player struct {
	desk   *Desk
	phones map[string]*Phone
	all    []*Phone
	// Onward goes on where a screen differs, to see all of it. Otherwise the
	// player stops there: what comes after would be answers to another question.
	Onward bool
	// Camera, unless nil, takes the pictures of "> camera amina The caption": of
	// the phone with that number, which shows that screen.
	Camera func(number, screen, caption string) error

	patience time.Duration
}

// ErrDiffers says that a screen was not as the transcript has it.
var ErrDiffers = errors.New("what is seen differs from the transcript")

// NewPlayer plays on a desk. Phones that the transcript introduces and that are
// not there are made; who is not introduced is known by the first name.
// Patience, unless 0, is how long each phone waits for what is to come.
func NewPlayer(
	ctx context.Context, desk *Desk, script transcript.Transcript, patience time.Duration,
) (*Player, error) {
	player := &Player{desk: desk, phones: map[string]*Phone{}, patience: patience}
	for _, person := range script.People() {
		phone, err := desk.Pick(ctx, person.Number)
		if _, unknown := errors.AsType[*UnknownPhoneError](err); unknown {
			if _, err = desk.Add(ctx, person.Number, nameOf(person), person.Language); err != nil {
				return nil, err
			}
			phone, err = desk.Pick(ctx, person.Number)
		}
		if err != nil {
			return nil, err
		}
		player.add(person.Key, phone)
	}
	return player, nil
}

func nameOf(person transcript.Person) string {
	if person.Name != "" {
		return person.Name
	}
	return strings.ToUpper(person.Key[:1]) + person.Key[1:]
}

func (player *Player) add(name string, phone *Phone) {
	phone.Patience = cmp.Or(player.patience, phone.Patience)
	player.phones[name] = phone
	player.all = append(player.all, phone)
}

// Play does the whole transcript and returns what was expected and what was
// seen, both without what differs from run to run.
func (player *Player) Play(ctx context.Context, script transcript.Transcript) (want, got transcript.Transcript, err error) {
	got, err = script.Play(func(s transcript.Step) (string, error) { return player.step(ctx, s) })
	want = script
	if err != nil {
		want.Steps = want.Steps[:len(got.Steps)]
	}
	mask := player.mask()
	return hidden(mask, want), hidden(mask, got), err
}

// mask hides the references of all contracts that came since the start.
func (player *Player) mask() transcript.Mask {
	mask := transcript.Mask{Day: true, Names: map[string]string{}}
	for _, phone := range player.all {
		own := phone.mask()
		mask.Refs = append(mask.Refs, own.Refs...)
		maps.Copy(mask.Names, own.Names)
	}
	return mask
}

// shortName is how the gateway writes a name: Amina W.
func shortName(name string) string {
	words := strings.Fields(name)
	if len(words) < 2 {
		return name
	}
	initial, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return words[0] + " " + string(initial) + "."
}

// maskedNumber is how the gateway writes a number: 0712***001.
func maskedNumber(number string) string {
	const head, tail = 4, 3
	digits := "0" + strings.TrimPrefix(number, "+254")
	return digits[:head] + "***" + digits[len(digits)-tail:]
}

func hidden(mask transcript.Mask, t transcript.Transcript) transcript.Transcript {
	steps := make([]transcript.Step, len(t.Steps))
	for i, s := range t.Steps {
		s.Seen = mask.Hide(s.Seen)
		steps[i] = s
	}
	return transcript.Transcript{Steps: steps, After: t.After}
}

func (player *Player) step(ctx context.Context, s transcript.Step) (string, error) {
	if s.Who == "world" {
		return "", player.turn(ctx, s.What)
	}
	if s.Who == "camera" {
		return "", player.picture(ctx, s.What)
	}
	phone, err := player.phone(ctx, s.Who)
	if err != nil {
		return "", err
	}
	seen, err := phone.Do(ctx, s)
	if err != nil || player.Onward {
		return seen, err
	}
	return seen, player.compare(ctx, phone, s.Seen, seen)
}

// picture lets the camera take one; without a camera the step does nothing.
func (player *Player) picture(ctx context.Context, what string) error {
	if player.Camera == nil {
		return nil
	}
	who, caption, _ := strings.Cut(what, " ")
	phone, err := player.phone(ctx, who)
	if err != nil {
		return err
	}
	if err := phone.look(ctx); err != nil {
		return err
	}
	return player.Camera(phone.number, phone.view.USSD.Screen, caption)
}

// compare holds what was seen against what was expected. The simulator may hear
// of a new contract after its reference was on a screen: that is waited for.
func (player *Player) compare(ctx context.Context, phone *Phone, want, seen string) error {
	same := func() bool {
		mask := player.mask()
		return mask.Hide(seen) == mask.Hide(want)
	}
	if same() {
		return nil
	}
	if strings.Contains(want, "####") {
		if err := phone.await(ctx, "the reference", same); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return ErrDiffers
}

func (player *Player) phone(ctx context.Context, name string) (*Phone, error) {
	if phone, known := player.phones[name]; known {
		return phone, nil
	}
	st, err := player.desk.State(ctx)
	if err != nil {
		return nil, err
	}
	for _, view := range st.Phones {
		if key(view.Name) != name {
			continue
		}
		phone, err := player.desk.Pick(ctx, view.Number)
		if err != nil {
			return nil, err
		}
		player.add(name, phone)
		return phone, nil
	}
	return nil, fmt.Errorf("%w: %q (introduce them by a line \"# %s is +2547…\")", transcript.ErrNobody, name, name)
}

// turn lets the world go on. A gateway that runs goes on by itself: all that can
// be done is to wait until nothing more comes, and to answer M-Pesa's questions.
func (player *Player) turn(ctx context.Context, what string) error {
	switch what {
	case "works", "pays":
		return player.settle(ctx)
	case "collects":
		if err := player.answerPrompt(ctx); err != nil {
			return err
		}
		return player.settle(ctx)
	default:
		return fmt.Errorf("the world of a running gateway works, collects and pays; it cannot do %q", what)
	}
}

// answerPrompt enters the PIN at the phone that is asked for one.
func (player *Player) answerPrompt(ctx context.Context) error {
	st, err := player.desk.State(ctx)
	if err != nil {
		return err
	}
	for _, view := range st.Phones {
		if view.Prompt != nil {
			_, err := player.desk.act(ctx, view.Number, "prompt", map[string]string{"pin": view.PIN})
			return err
		}
	}
	return errors.New("M-Pesa asks nobody for a PIN")
}

// settle waits until nothing has changed for a while.
func (player *Player) settle(ctx context.Context) error {
	const quiet, limit = 1200 * time.Millisecond, 20 * time.Second
	start, since, last := time.Now(), time.Now(), ""
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for time.Since(since) < quiet && time.Since(start) < limit {
		st, err := player.desk.State(ctx)
		if err != nil {
			return err
		}
		st.Version = 0
		now, err := json.Marshal(st)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		if string(now) != last {
			last, since = string(now), time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the caller's own
		case <-tick.C:
		}
	}
	return nil
}
