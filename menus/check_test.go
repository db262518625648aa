package menus_test

import (
	"strings"
	"testing"

	"github.com/voicepact/gateway/menus"
)

func choice(number, target string) menus.Choice {
	return menus.Choice{Number: number, Label: "choice.x", Target: target}
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
	bye := menus.Node{Key: "bye", Ends: true}
	home := menus.Node{Key: "home", Forks: []string{"menu"}}
	menu := func(choices ...menus.Choice) menus.Node { return menus.Node{Key: "menu", Choices: choices} }
	guarded := func(needs string) menus.Choice {
		c := choice("1", "bye")
		c.Needs = needs
		return c
	}
	var six []menus.Choice
	for number := range 6 {
		six = append(six, choice(string(rune('1'+number)), "bye"))
	}
	endless := menus.Node{Key: "bye", Ends: true, Rows: []string{"menu"}, Size: 1}
	asking := menus.Node{Key: "home", Forks: []string{"menu"}, Choices: []menus.Choice{choice("1", "bye")}}
	sizeless := menus.Node{Key: "list", Rows: []string{"menu"}}
	tests := []struct {
		name  string
		nodes []menus.Node
		want  string
	}{
		{"nothing", []menus.Node{home, menu(choice("1", "bye")), bye}, ""},
		{"guarded choices", []menus.Node{home, menu(guarded("a"), guarded("b")), bye}, ""},
		{"no such target", []menus.Node{home, menu(choice("1", "gone")), bye}, `leads to "gone", which does not exist`},
		{"no target", []menus.Node{home, menu(choice("1", "")), bye}, "choice 1 leads nowhere"},
		{"unreachable", []menus.Node{home, menu(), bye, {Key: "odd"}}, `node "odd": nothing leads here`},
		{"same number", []menus.Node{home, menu(choice("1", "bye"), choice("1", "bye")), bye}, "two choices 1 at once"},
		{"same guard", []menus.Node{home, menu(guarded("a"), guarded("a")), bye}, "two choices 1 at once"},
		{"a gap", []menus.Node{home, menu(choice("2", "bye")), bye}, "no choice 1"},
		{"too many", []menus.Node{home, menu(six...), bye}, "6 choices"},
		{"no text", []menus.Node{home, menu(choice("1", "mute")), {Key: "mute"}, bye}, `no text for "mute"`},
		{"numbers in a text", []menus.Node{home, menu(choice("1", "numbered")), {Key: "numbered"}, bye}, "holds a number of its own"},
		{"goes on after the end", []menus.Node{home, menu(choice("1", "bye")), endless}, "ends the session and leads on"},
		{"a list without a size", []menus.Node{home, menu(choice("1", "list")), sizeless, bye}, "a list of 0 rows"},
		{"a fork that asks", []menus.Node{asking, menu(), bye}, "is a fork and asks something"},
	}
	for _, test := range tests {
		err := newMenu(t, test.nodes).Check(catalogue)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := menus.New([]menus.Node{bye, bye}); err == nil {
		t.Error("two nodes with one key are taken")
	}
}

func TestCheckAsksForTheTextsOfNavigation(t *testing.T) {
	t.Parallel()
	catalogue, err := load(map[string]string{"en.toml": `bye = "Bye"`})
	if err != nil {
		t.Fatal(err)
	}
	err = newMenu(t, []menus.Node{{Key: "home", Forks: []string{"bye"}}, {Key: "bye", Ends: true}}).Check(catalogue)
	if err == nil || !strings.Contains(err.Error(), `"nav.back"`) {
		t.Errorf("%v", err)
	}
}
