package escrow_test

import (
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store/storetest"
)

// Six hours down, whenever they are: nobody's time ends earlier than it would
// have with us there, and none ends more than once.
func TestNobodyLosesTheTimeThatWeWereDown(t *testing.T) {
	t.Parallel()
	const outage = 6 * time.Hour
	for name, began := range map[string]time.Time{
		"early on": eat(3, 12), "over the end of the first": eat(4, 6), "before the last": eat(6, 22),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				contracts := map[escrow.State]escrow.Contract{}
				for _, test := range ends() { // in the order in which they end
					contracts[test.state] = w.DealIn(test.state, price)
				}
				w.PassTo(began)
				w.Clock.Advance(outage)
				w.Work() // the backlog
				if err := w.Service.Beat(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.Prove()
				for _, test := range ends() {
					if test.end.Before(began) {
						continue
					}
					w.PassTo(test.end.Add(outage - time.Millisecond))
					if c := stateOf(t, w, contracts[test.state]); c.State != test.state || !c.Due.Running() {
						t.Errorf("%s ended early: it is %s", test.state, c.State)
					}
					w.Pass(time.Millisecond)
					if c := stateOf(t, w, contracts[test.state]); c.State != test.then || c.Due.Running() {
						t.Errorf("%s is %s until %s", test.state, c.State, c.Due.At.In(escrow.EAT))
					}
				}
			})
		})
	}
}

// A clock that is set wrong and right again ends nothing early.
func TestAClockThatIsSteppedTakesNothing(t *testing.T) {
	t.Parallel()
	const aDay = 24 * time.Hour
	for name, steps := range map[string][]time.Duration{
		"forward": {aDay}, "back": {-aDay}, "forward and back": {aDay, -aDay}, "back and forward": {-aDay, aDay},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, func(t *testing.T, w *storetest.World) {
				t.Helper()
				c := w.DealIn(escrow.Confirmed, price)
				w.Pass(time.Hour)
				var lived time.Duration
				for _, step := range steps {
					w.Clock.Advance(step)
					if err := w.Service.Beat(t.Context()); err != nil {
						t.Fatal(err)
					}
					w.Work()
					w.Pass(time.Hour)
					lived += time.Hour
				}
				w.Pass(23*time.Hour - lived - time.Millisecond)
				if got := stateOf(t, w, c).State; got != escrow.Confirmed {
					t.Errorf("ended early: %s", got)
				}
				w.Pass(3 * aDay)
				if got := stateOf(t, w, c).State; got != escrow.Expired {
					t.Errorf("never ended: %s until %s", got, stateOf(t, w, c).Due.At)
				}
			})
		})
	}
}

// A service that works notes no outage, however many processes it has.
func TestAKeptPulseIsNoOutage(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, w *storetest.World) {
		t.Helper()
		c := w.DealIn(escrow.Pending, price)
		for w.Clock.Now().Before(eat(3, 10)) {
			w.Clock.Advance(escrow.PulseEvery)
			for range 3 {
				if err := w.Service.Beat(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.PassTo(eat(5, 9))
		if got := stateOf(t, w, c).State; got != escrow.Expired {
			t.Errorf("it is %s", got)
		}
	})
}
