package ussd

import (
	"context"

	"github.com/voicepact/gateway/menus"
)

// begin makes the session of a hop that has none: the first of a dial, or one
// whose session was lost or cannot be reached, and which is then rebuilt from
// its transcript.
//
// A dial string can carry answers too (*384*12345*1*1#), and nobody may be
// talked into dialling one that pays. So a rebuilt session acts only where the
// label of our last reply came back and says that the caller stood at the very
// same point; without it, the question is asked once more.
func (c *call) begin(ctx context.Context) (reply, error) {
	entry, mark, labelled := readLabel(c.hop.label)
	answers := answersIn(c.hop.text)
	c.sess = session{Menu: menus.Start()}
	c.find(ctx)
	if len(answers) > 0 && refLike.MatchString(answers[0]) {
		c.sess.Menu.Data = map[string]string{menus.NameDialled: answers[0]}
		answers = answers[1:]
	}
	if err := c.arrive(ctx, entry); err != nil {
		return reply{}, err
	}
	c.sess.Entry = c.sess.Menu.Node
	if err := c.replay(ctx, answers, mark, labelled); err != nil {
		return reply{}, err
	}
	return c.finish(ctx)
}

// replay takes the answers of a lost session one by one. Every answer but the
// last has been worked before.
func (c *call) replay(ctx context.Context, answers []string, mark string, labelled bool) error {
	for i, answer := range answers {
		if i < len(answers)-1 {
			sure, err := c.again(ctx, answer)
			if err != nil {
				return err
			}
			if !sure {
				return c.restart(ctx)
			}
			continue
		}
		if labelled && c.mark(c.sess, c.hop.session) != mark {
			return c.restart(ctx)
		}
		return c.takeLast(ctx, answer, labelled)
	}
	return nil
}

// again works an answer that was worked before, without its act. It is not
// sure where that cannot have been: every act that moves a contract and
// succeeds ends its session, and all but a wrong code that is refused does too.
func (c *call) again(ctx context.Context, answer string) (sure bool, err error) {
	step := c.menu.Next(c.sess.Menu, answer, c.read)
	switch {
	case step.Wrong != "":
		return true, c.miss(ctx, step.Wrong, nil)
	case step.Act == menus.ActLanguage:
		c.speak(step.State.Data[menus.NameLanguage])
	case step.Act == menus.ActResume:
		return true, c.resume(ctx)
	case step.Act == menus.ActStartOver:
		c.sess.Before, c.sess.Resumed = nil, false
	case step.Secret != "" && step.Act != "":
		return true, c.missSecret(ctx)
	case step.Act != "":
		return false, nil
	}
	c.keepSecret(&step)
	c.sess.Misses, c.sess.Menu = 0, step.State
	return !c.menu.Node(step.State.Node).Ends, c.arrive(ctx, "")
}

// missSecret is the miss of a code or a PIN that was wrong when it was typed.
func (c *call) missSecret(ctx context.Context) error {
	wrong := "wrong.bad_code"
	if input := c.menu.Node(c.sess.Menu.Node).Input; input != nil && input.Kind == menus.KindPIN {
		wrong = "wrong.bad_pin"
	}
	return c.miss(ctx, wrong, map[string]int{})
}

// takeLast works the one answer that is new.
func (c *call) takeLast(ctx context.Context, answer string, sure bool) error {
	step := c.menu.Next(c.sess.Menu, answer, c.read)
	if !sure && step.Act.Binds() {
		c.notice = c.text("notice.again", nil)
		return nil
	}
	return c.take(ctx, answer)
}

// restart shows the first screen where the transcript does not lead again to
// where the caller was: what it was about has changed meanwhile. Where no
// session can be kept, the next hop's transcript would not lead there either,
// so that only a new dial helps.
func (c *call) restart(ctx context.Context) error {
	if c.lost {
		c.shown = shown{view: view{Code: c.ServiceCode}, end: "fault.conflict"}
		return nil
	}
	c.sess.Menu, c.sess.Misses = menus.Start(), 0
	if err := c.arrive(ctx, ""); err != nil {
		return err
	}
	c.sess.Entry = c.sess.Menu.Node
	c.notice = c.text("notice.restart", nil)
	return nil
}
