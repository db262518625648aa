package menus_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/voicepact/gateway/internal/testkit"
	"github.com/voicepact/gateway/menus"
)

// built is the menu of the product.
func built(tb testing.TB) *menus.Menu {
	tb.Helper()
	m, err := menus.Built()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// literal reads every answer as it stands, but for the word "bad" and for
// references that are too short to be one.
func literal(kind menus.Kind, _ map[string]string, typed string) (value, wrong string) {
	switch {
	case kind == menus.KindRef && len(typed) < 4:
		return "", "wrong.choice"
	case typed == "bad":
		return "", "wrong.item"
	}
	return typed, ""
}

func at(node string, trail ...string) menus.State { return menus.State{Node: node, Trail: trail} }

func TestTheTreeAndItsTextsAreWhole(t *testing.T) {
	t.Parallel()
	texts, err := menus.Texts()
	if err != nil {
		t.Fatal(err)
	}
	if err := built(t).Check(texts); err != nil {
		t.Error(err)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	m := built(t)
	rows := menus.State{
		Node: "waiting", More: true,
		Rows: []menus.Row{{Ref: "1234", Target: "accept"}, {Ref: "5678", Target: "contract"}},
	}
	second := rows
	second.Page, second.More = 1, false
	contract := menus.State{Node: "contract", Trail: []string{"mine"}, Page: 1, Open: []string{"pay", "cancel"}}
	tests := []struct {
		name   string
		from   menus.State
		answer string
		node   string
		act    menus.Act
		wrong  string
		trail  string
	}{
		{"a choice", at("menu"), "1", "role", "", "", "menu"},
		{"white space", at("menu"), " 1 ", "role", "", "", "menu"},
		{"no choice", at("menu"), "6", "menu", "", "wrong.choice", ""},
		{"nothing", at("role"), "", "role", "", "wrong.choice", ""},
		{"not a number", at("role"), "1.", "role", "", "wrong.choice", ""},
		{"leave", at("menu"), "0", "bye", "", "", ""},
		{"back", at("phone", "menu", "role"), "0", "role", "", "", "menu"},
		{"home", at("phone", "menu", "role"), "00", "home", "", "", ""},
		{"typed", at("item", "menu", "role", "phone"), "Maize", "amount", "", "", "menu role phone item"},
		{"typed badly", at("item", "menu"), "bad", "item", "", "wrong.item", "menu"},
		{"an act", at("summary", "date"), "1", "sent", menus.ActPropose, "", "date summary"},
		{"a row", rows, "2", "contract", "", "", "waiting"},
		{"a row that is not there", rows, "3", "waiting", "", "wrong.choice", ""},
		{"a reference on a first screen", rows, "1234", "home", "", "", ""},
		{"menu key", rows, "9", "menu", "", "", "waiting"},
		{"more", rows, "98", "waiting", "", "", ""},
		{"no more", second, "98", "waiting", "", "wrong.choice", ""},
		{"a page back", second, "0", "waiting", "", "", ""},
		{"offered", contract, "1", "pay", "", "", "mine contract"},
		{"offered too", contract, "2", "cancel", "", "", "mine contract"},
		{"back from beyond a list", contract, "0", "mine", "", "", ""},
		{"not offered", at("contract", "mine"), "1", "contract", "", "wrong.choice", "mine"},
		{"back by a choice", at("deliver", "waiting"), "2", "waiting", "", "", ""},
	}
	for _, test := range tests {
		step := m.Next(test.from, test.answer, literal)
		if step.State.Node != test.node || step.Act != test.act || step.Wrong != test.wrong ||
			strings.Join(step.State.Trail, " ") != test.trail {
			t.Errorf("%s: %+v", test.name, step)
		}
	}
}

func TestWhatAnswersLeaveBehind(t *testing.T) {
	t.Parallel()
	m := built(t)
	s := at("role", "menu")
	for _, answer := range []string{"2", "0712000001", "Maize", "500", "3"} {
		s = m.Next(s, answer, literal).State
	}
	want := map[string]string{"role": "buyer", "phone": "0712000001", "item": "Maize", "amount": "500", "date": "+3"}
	for name, value := range want {
		if s.Data[name] != value {
			t.Errorf("%s is %q, want %q", name, s.Data[name], value)
		}
	}
	step := m.Next(at("code", "accept"), "8305", literal)
	if step.Secret != "8305" || step.Act != menus.ActAccept || len(step.State.Data) != 0 {
		t.Errorf("a secret answer leads to %+v", step)
	}
	step = m.Next(at("dispute_buyer"), "3", literal)
	if step.Act != menus.ActDispute || step.State.Data["reason"] != "trouble.bad" {
		t.Errorf("a chosen reason leads to %+v", step)
	}
	row := menus.State{Node: "mine", Page: 2, Rows: []menus.Row{{Ref: "1234", Target: "contract"}}}
	if step = m.Next(row, "1", literal); step.State.Data["ref"] != "1234" || step.State.Page != 2 {
		t.Errorf("a row leads to %+v", step)
	}
}

// Whatever is answered, a step is sound: it stays in the tree, it can be told
// from its state alone, it changes nothing it was given, and the trail is bounded.
func TestStepsAreSound(t *testing.T) {
	t.Parallel()
	m := built(t)
	rapid.Check(t, func(t *rapid.T) {
		s := at("menu")
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			s.Open = rapid.SliceOfN(rapid.SampledFrom([]string{"agree", "decline", "free", "code", "dispute_buyer"}), 0, 3).Draw(t, "open")
			if len(m.Node(s.Node).Rows) > 0 {
				s.Rows = []menus.Row{{Ref: "1234", Target: m.Node(s.Node).Rows[0]}}
				s.More = rapid.Bool().Draw(t, "more")
			}
			answer := rapid.OneOf(rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "0", "00", "98", "9", "bad"}),
				rapid.String()).Draw(t, "answer")
			trail, data := slices.Clone(s.Trail), len(s.Data)
			step := m.Next(s, answer, literal)
			if again := m.Next(s, answer, literal); again.State.Node != step.State.Node || again.Act != step.Act {
				t.Fatalf("%q on %s: %+v, then %+v", answer, s.Node, step, again)
			}
			if !slices.Equal(trail, s.Trail) || len(s.Data) != data {
				t.Fatalf("%q on %s changed what it was given", answer, s.Node)
			}
			node := m.Node(step.State.Node)
			if node.Key == "" || len(step.State.Trail) > 12 || step.State.Page < 0 {
				t.Fatalf("%q on %s leads to %+v", answer, s.Node, step)
			}
			if s = step.State; node.Ends || len(node.Forks) > 0 {
				s = at("menu")
			}
		}
	})
}

func load(files map[string]string) (*menus.Catalogue, error) {
	folder := fstest.MapFS{}
	for name, content := range files {
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return menus.LoadCatalogue(folder)
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c, err := load(map[string]string{
		"en.toml": "hello = \"Hello {{.Name}}\"\nonly = \"English only\"\n[row]\npay = \"Pay\"\n",
		"sw.toml": "hello = \"Jambo {{.Name}}\"\n[row]\npay = \"Lipa\"\n",
		"readme":  "no texts",
	})
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]string{"Name": "Amina"}
	for _, test := range []struct{ language, key, want string }{
		{"en", "hello", "Hello Amina"},
		{"sw", "hello", "Jambo Amina"},
		{"sw", "row.pay", "Lipa"},
		{"sw", "only", "English only"},
		{"fr", "hello", "Hello Amina"},
		{"", "hello", "Hello Amina"},
		{"en", "nothing", "nothing"},
		{"xx", "row.nothing", "row.nothing"},
	} {
		if got := c.Text(test.language, test.key, data); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.language, test.key, got, test.want)
		}
	}
	if got := c.Text("en", "hello", struct{ Other string }{}); got != "hello" {
		t.Errorf("data that does not fit: %q", got)
	}
	if got := strings.Join(c.Languages(), " ") + ": " + strings.Join(c.Keys("en"), " "); got != "en sw: hello only row.pay" {
		t.Error(got)
	}
	if c.Has("only") || !c.Has("row.pay") {
		t.Error("Has is wrong")
	}
}

func TestCataloguesThatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"no English":  {"sw.toml": `a = "x"`},
		"no TOML":     {"en.toml": `a = `},
		"no language": {"en.toml": `a = "x"`, "12345678901.toml": `a = "x"`},
		"nothing":     {},
	} {
		if _, err := load(files); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func TestCatalogueCheck(t *testing.T) {
	t.Parallel()
	const english = "a = \"{{.X}} {{if .Y}}{{.Z}}{{end}}\"\n"
	for name, test := range map[string]struct{ swahili, want string }{
		"equal":         {"a = \"{{with .Y}}{{end}}{{range .Z}}{{end}}{{.X}}\"\n", ""},
		"a key missing": {"b = \"x\"\n", `no text for "a"`},
		"a key extra":   {english + "b = \"x\"\n", `"b" has no English twin`},
		"other data":    {"a = \"{{.X}} {{.Z}}\"\n", "shows [X Z], English shows [X Y Z]"},
		"broken":        {"a = \"{{.X\"\n", "template"},
	} {
		c, err := load(map[string]string{"en.toml": english, "sw.toml": test.swahili})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The drawing of the menu in the documents is that of the menu.
func TestTheMenuIsDrawnAsItIs(t *testing.T) {
	t.Parallel()
	texts, err := menus.Texts()
	if err != nil {
		t.Fatal(err)
	}
	graph := built(t).Graph(texts, "en")
	for _, part := range []string{
		`menu -->|"1 New contract"| role`, "sent([sent])", "home{home}", "mine[[mine]]", "phone[/phone/]", `item -->|"typed"| amount`,
	} {
		if !strings.Contains(graph, part) {
			t.Errorf("the drawing lacks %s", part)
		}
	}
	const head = "# The USSD menu\n\nDrawn by `voicepact menus graph`; a test holds it against `menus/tree.toml`. Each screen\n" +
		"also has ways back and home. A rhombus chooses among screens, a slanted box is typed into,\na double box is a list, " +
		"a round one ends the call.\n\n```mermaid\n"
	testkit.Golden(t, "../docs/menu.md", head+graph+"```\n")
}
