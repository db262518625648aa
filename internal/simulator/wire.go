package simulator

import (
	"slices"
	"sync"
	"time"
)

// kind names what crossed the wire.
type kind string

const (
	kindUSSD         kind = "ussd"
	kindUSSDEvent    kind = "ussd_event"
	kindSMSIn        kind = "sms_in"
	kindSMSOut       kind = "sms_out"
	kindDLR          kind = "dlr"
	kindSTKPush      kind = "stk_push"
	kindSTKCallback  kind = "stk_callback"
	kindSTKQuery     kind = "stk_query"
	kindB2C          kind = "b2c"
	kindB2CResult    kind = "b2c_result"
	kindStatus       kind = "status"
	kindStatusResult kind = "status_result"
	kindOAuth        kind = "oauth"

	kindC2BRegister    kind = "c2b_register"
	kindC2BSimulate    kind = "c2b_simulate"
	kindC2BValidate    kind = "c2b_validate"
	kindC2BConfirm     kind = "c2b_confirm"
	kindReversal       kind = "reversal"
	kindReversalResult kind = "reversal_result"
	kindBalance        kind = "balance"
	kindBalanceResult  kind = "balance_result"
	kindPullRegister   kind = "pull_register"
	kindPull           kind = "pull"
)

// Directions of a [WireEntry].
const (
	toGateway  = "gateway"
	toProvider = "provider"
)

// wireKept is how many entries the log holds.
const wireKept = 200

// WireEntry is one exchange between gateway and providers, for the page. It
// holds no PIN, no release code, no answer as it was typed, and no full number.
type WireEntry struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	To      string    `json:"to"` // "gateway" or "provider"
	Kind    kind      `json:"kind"`
	Who     string    `json:"who"` // masked number or ""
	Summary string    `json:"summary"`
	Status  int       `json:"status"` // HTTP status; 0 when there was no answer
}

// wireLog keeps the latest entries in memory: it explains what is going on
// now, and losing it in a restart loses no money.
type wireLog struct {
	hub *hub
	now func() time.Time

	mu      sync.Mutex
	last    int64
	entries []WireEntry
}

func newWireLog(h *hub, now func() time.Time) *wireLog { return &wireLog{hub: h, now: now} }

// add stamps and keeps e, whose Who must already be masked.
func (l *wireLog) add(e WireEntry) {
	l.mu.Lock()
	l.last++
	e.ID, e.At = l.last, l.now().UTC()
	if len(l.entries) == wireKept {
		l.entries = slices.Delete(l.entries, 0, 1)
	}
	l.entries = append(l.entries, e)
	l.mu.Unlock()
	l.hub.notify()
}

// all is a copy, oldest first.
func (l *wireLog) all() []WireEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]WireEntry{}, l.entries...)
}
