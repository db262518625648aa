package menus

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/looplab/fsm"
)

// Menu is a table of nodes. It is read-only and safe for concurrent use.
type Menu struct{ nodes map[string]Node }

// Node returns the node with the key; the zero node where there is none.
func (m *Menu) Node(key string) Node { return m.nodes[key] }

// State is where a caller stands: small, and everything that a session needs.
type State struct {
	Node  string            `json:"n"`
	Trail []string          `json:"t,omitempty"` // the screens behind this one, for the way back
	Data  map[string]string `json:"d,omitempty"` // what was answered so far
	Open  []string          `json:"o,omitempty"` // which choices with Needs the screen offered
	Rows  []Row             `json:"r,omitempty"` // what the rows on the screen stand for
	Page  int               `json:"p,omitempty"`
	Lines bool              `json:"l,omitempty"` // the screen is a list whose rows cannot be chosen
	More  bool              `json:"m,omitempty"` // there is a page after this one
}

// Row is one row of a list: the reference that it stands for, and where
// choosing it leads.
type Row struct {
	Ref    string `json:"r"`
	Target string `json:"t"`
}

// Start is the state of a caller who has answered nothing yet.
func Start() State { return State{Node: NodeHome} }

// Step is what an answer leads to.
type Step struct {
	State  State  // where the caller is then, once Act is done
	Act    Act    // to be done first; empty where there is nothing to do
	Secret string // the answer to a secret input
	Name   string // of the secret, where a later act needs it: to be kept sealed in Data
	Wrong  string // key of the complaint where the answer does not fit; the state is the old one
}

// Reader reads an answer of a kind, given what was answered before. It returns
// the value to keep, or the key of a complaint.
type Reader func(kind Kind, data map[string]string, typed string) (value, wrong string)

// wrongChoice is the complaint about an answer that no choice has.
const wrongChoice = "wrong.choice"

// typed is the event of an answer that is no choice on a screen with an input.
const typed = "typed"

// way is one rule of a screen: the event that an answer is, where it leads, and
// what comes with it.
type way struct {
	event  string
	target string
	choice Choice
	row    Row
	input  *Input
}

// Next takes an answer to the next state. It changes nothing by itself and
// does not keep what it was given.
//
// The machine is built of the current screen's rules for this one decision and
// thrown away, as the escrow's is: a shared looplab/fsm instance would mix up
// its callers.
func (m *Menu) Next(s State, answer string, read Reader) Step {
	answer = strings.TrimSpace(answer)
	ways := m.ways(s)
	event := answer
	if !slices.ContainsFunc(ways, func(w way) bool { return w.event == answer }) {
		event = typed
	}
	target, ok := decide(s.Node, ways, event)
	if !ok {
		return Step{State: s, Wrong: wrongChoice}
	}
	chosen := ways[slices.IndexFunc(ways, func(w way) bool { return w.event == event })]
	return m.take(s, chosen, target, answer, read)
}

// decide asks the state machine where the event leads from the node.
func decide(node string, ways []way, event string) (string, bool) {
	rules := make(fsm.Events, len(ways))
	for i, w := range ways {
		rules[i] = fsm.EventDesc{Name: w.event, Src: []string{node}, Dst: w.target}
	}
	machine := fsm.NewFSM(node, rules, fsm.Callbacks{})
	err := machine.Event(context.Background(), event)
	var same fsm.NoTransitionError
	if err != nil && !errors.As(err, &same) {
		return "", false
	}
	return machine.Current(), true
}

// ways lists the rules of the screen that the caller sees.
func (m *Menu) ways(s State) []way {
	node := m.nodes[s.Node]
	var ways []way
	for _, c := range m.Offered(s) {
		ways = append(ways, way{event: c.Number, target: s.aim(c.Target), choice: c})
	}
	for i, row := range s.Rows {
		ways = append(ways, way{event: strconv.Itoa(i + 1), target: row.Target, row: row})
	}
	if s.More {
		ways = append(ways, way{event: KeyMore, target: s.Node})
	}
	ways = append(ways, way{event: KeyHome, target: NodeHome}, way{event: KeyBack, target: s.behind()})
	if node.Input != nil {
		ways = append(ways, way{event: typed, target: node.Input.Target, input: node.Input})
	}
	return ways
}

// Offered lists the choices that are open in the state, in their order.
func (m *Menu) Offered(s State) []Choice {
	var open []Choice
	for _, c := range m.nodes[s.Node].Choices {
		if c.Needs == "" || slices.Contains(s.Open, c.Needs) {
			open = append(open, c)
		}
	}
	return open
}

// AtFirst reports whether "0" means to leave rather than to go back.
func (s State) AtFirst() bool { return len(s.Trail) == 0 && !s.turned() }

// turned reports whether the caller sees a later page of a list. The page of a
// list is kept while a screen beyond it is open.
func (s State) turned() bool { return s.Page > 0 && (len(s.Rows) > 0 || s.Lines) }

func (s State) aim(target string) string {
	if target == Back {
		return s.behind()
	}
	return target
}

// behind is where "0" leads.
func (s State) behind() string {
	switch {
	case s.turned():
		return s.Node
	case len(s.Trail) > 0:
		return s.Trail[len(s.Trail)-1]
	default:
		return NodeBye
	}
}

// take makes the state after an answer.
func (m *Menu) take(s State, w way, target, answer string, read Reader) Step {
	switch {
	case w.event == KeyHome:
		return Step{State: Start()}
	case w.event == KeyMore:
		s.Page++
		return Step{State: s.bare()}
	case w.event == KeyBack, w.choice.Target == Back:
		return Step{State: m.arrive(s.back())}
	}
	next := m.arrive(s.forward(target, m.nodes[target].Size > 0))
	step := Step{Act: w.choice.Act}
	if w.row.Ref != "" {
		next.Data[NameRef] = w.row.Ref
	}
	set := w.choice.Set
	if w.input != nil {
		set, step.Act = Value{Name: w.input.Name, Kind: w.input.Kind, Raw: answer}, w.input.Act
	}
	step.State = next
	if set.Name == "" {
		return step
	}
	value, wrong := read(set.Kind, s.Data, set.Raw)
	if wrong != "" {
		return Step{State: s, Wrong: wrong}
	}
	step.keep(set.Name, value, w.input != nil && w.input.Secret)
	return step
}

// keep puts a value where the caller of the menu finds it.
func (s *Step) keep(name, value string, secret bool) {
	switch {
	case !secret:
		s.State.Data[name] = value
	case s.Act == "":
		s.Secret, s.Name = value, name
	default:
		s.Secret = value
	}
}

// arrive forgets what was answered, where nothing of it is meant any more.
func (m *Menu) arrive(s State) State {
	if m.nodes[s.Node].Clears {
		s.Data = map[string]string{}
	}
	return s
}

// bare drops what belonged to the screen that is left.
func (s State) bare() State {
	s.Open, s.Rows, s.More, s.Lines = nil, nil, false, false
	s.Data = maps.Clone(s.Data)
	if s.Data == nil {
		s.Data = map[string]string{}
	}
	return s
}

// maxTrail bounds a session's size; who goes deeper finds home earlier.
const maxTrail = 12

func (s State) forward(target string, list bool) State {
	next := s.bare()
	next.Trail = append(slices.Clone(s.Trail), s.Node)
	if i := slices.Index(next.Trail, target); i >= 0 {
		next.Trail = next.Trail[:i] // back to where the caller was before
	}
	if len(next.Trail) > maxTrail {
		next.Trail = next.Trail[1:]
	}
	if list {
		next.Page = 0
	}
	next.Node = target
	if target == NodeHome {
		next.Trail, next.Page = nil, 0
	}
	return next
}

func (s State) back() State {
	next := s.bare()
	switch {
	case s.turned():
		next.Page--
	case len(s.Trail) > 0:
		next.Node, next.Trail = s.Trail[len(s.Trail)-1], slices.Clone(s.Trail[:len(s.Trail)-1])
	default:
		next.Node = NodeBye
	}
	return next
}
