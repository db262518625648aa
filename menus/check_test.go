package menus_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/menus"
)

// The screens that every tree of the tests has.
const frame = `
[home]
forks = ["menu"]
[bye]
ends = true
[menu]
choices = [`

// ways writes the choices of the menu.
func ways(choices ...string) string { return frame + strings.Join(choices, ",") + "]\n" }

func way(number, to, more string) string {
	return `{ number = "` + number + `", label = "choice.x", to = "` + to + `"` + more + " }"
}

// Each thing that can be wrong with a tree is found.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"en.toml": "menu = \"Menu\"\nlist = \"List\"\nodd = \"Odd\"\nnumbered = \"Choose\\n1. This\"\nbye = \"Bye\"\n" +
			"[nav]\nback = \"B\"\nhome = \"H\"\nexit = \"E\"\nmore = \"M\"\n[choice]\nx = \"X\"\n[wrong]\nchoice = \"No\"\n",
	}
	catalogue, err := load(texts)
	if err != nil {
		t.Fatal(err)
	}
	var six []string
	for number := range 6 {
		six = append(six, way(string(rune('1'+number)), "bye", ""))
	}
	bye := way("1", "bye", "")
	tests := []struct{ name, tree, want string }{
		{"nothing", ways(bye), ""},
		{"guarded choices", ways(way("1", "bye", `, needs = "a"`), way("1", "bye", `, needs = "b"`)), ""},
		{"no such target", ways(way("1", "gone", "")), `leads to "gone", which does not exist`},
		{"no target", ways(way("1", "", "")), "choice 1 leads nowhere"},
		{"unreachable", ways() + "[odd]\n", `node "odd": nothing leads here`},
		{"same number", ways(bye, bye), "two choices 1 at once"},
		{"same guard", ways(way("1", "bye", `, needs = "a"`), way("1", "bye", `, needs = "a"`)), "two choices 1 at once"},
		{"a gap", ways(way("2", "bye", "")), "no choice 1"},
		{"too many", ways(six...), "6 choices"},
		{"no text", ways(way("1", "mute", "")) + "[mute]\n", `no text for "mute"`},
		{"numbers in a text", ways(way("1", "numbered", "")) + "[numbered]\n", "holds a number of its own"},
		{"goes on after the end", ways(way("1", "last", "")) + "[last]\nends = true\nrows = [\"menu\"]\nsize = 1\n", "ends the session and leads on"},
		{"a list without a size", ways(way("1", "list", "")) + "[list]\nrows = [\"menu\"]\n", "a list of 0 rows"},
		{"a fork that asks", ways(way("1", "odd", "")) + "[odd]\nforks = [\"menu\"]\nchoices = [" + bye + "]\n", "is a fork and asks something"},
		{"a misspelt act", ways(way("1", "bye", `, act = "acept"`)), `there is no act "acept"`},
		{"a misspelt kind", ways(way("1", "bye", `, set = { name = "n", kind = "dat", raw = "x" }`)), `no kind of answer "dat"`},
		{"a misspelt source", ways(way("1", "odd", "")) + "[odd]\nshows = \"contrct\"\n", `no source "contrct"`},
		{"a resume that leads nowhere", ways(way("1", "odd", "")) + "[odd]\nresume = \"gone\"\n", `resumes at "gone"`},
	}
	for _, test := range tests {
		err := parse(t, test.tree).Check(catalogue)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func parse(tb testing.TB, tree string) *menus.Menu {
	tb.Helper()
	m, err := menus.Parse(tree)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// What is misspelt is not passed over.
func TestTreesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, tree := range map[string]string{
		"no TOML":             "[home",
		"an unknown key":      "[home]\nfork = []\n",
		"an unknown part":     "[home]\nchoices = [{ number = \"1\", target = \"bye\" }]\n",
		"two nodes, one name": "[home]\n[home]\n",
	} {
		if _, err := menus.Parse(tree); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func TestCheckAsksForTheTextsOfNavigation(t *testing.T) {
	t.Parallel()
	catalogue, err := load(map[string]string{"en.toml": `bye = "Bye"`})
	if err != nil {
		t.Fatal(err)
	}
	err = parse(t, "[home]\nforks = [\"bye\"]\n[bye]\nends = true\n").Check(catalogue)
	if err == nil || !strings.Contains(err.Error(), `"nav.back"`) {
		t.Errorf("%v", err)
	}
}
