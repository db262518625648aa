package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/voicepact/gateway/internal/handset"
	"github.com/voicepact/gateway/internal/transcript"
)

type phoneCmd struct {
	Number    string        `arg:"" optional:"" help:"Whose phone: +254712000001, or 0712000001. A script brings its own."`
	Simulator string        `default:"http://127.0.0.1:8080" help:"Where voicepact dev or voicepact simulator has the phones."`
	Script    string        `type:"existingfile" help:"Play a transcript and compare what is seen; ends with 1 where it differs."`
	Record    string        `type:"path" help:"Write what is done and seen to this file, as a transcript."`
	Patience  time.Duration `default:"20s" help:"How long a script waits for a text or a question that it says is coming."`
	Language  string        `enum:",en,sw" default:"" help:"Which language the owner reads (en, sw)."`
	Name      string        `help:"Add the phone under this owner's name if there is none with the number."`
}

// Help is printed by --help below the usage.
func (c *phoneCmd) Help() string {
	return "A feature phone in the terminal, for a gateway whose providers are simulated. Enter dials; what is " +
		"typed answers the screen; texts and M-Pesa's questions show when they come; :help lists the commands, " +
		"among them :drop, :dup, :late, :off and :on for what networks do. With --script it plays a file such as " +
		"ussd/testdata/deal.en.txt, for any number of phones, and needs no number."
}

// Run implements the command.
func (c *phoneCmd) Run(ctx context.Context) error {
	desk := handset.NewDesk(c.Simulator)
	if c.Script != "" {
		return c.play(ctx, desk)
	}
	if c.Number == "" {
		return errors.New("whose phone? E.g. voicepact phone +254712000001")
	}
	phone, err := c.pick(ctx, desk)
	if err != nil {
		return err
	}
	var recorder *handset.Recorder
	if c.Record != "" {
		file, err := os.Create(c.Record)
		if err != nil {
			return fmt.Errorf("--record: %w", err)
		}
		defer func() { _ = file.Close() }()
		recorder = handset.NewRecorder(file)
	}
	return handset.NewTerminal(phone, os.Stdin, os.Stdout, recorder).Run(ctx)
}

// pick finds the phone, or makes it when it has a name.
func (c *phoneCmd) pick(ctx context.Context, desk *handset.Desk) (*handset.Phone, error) {
	phone, err := desk.Pick(ctx, c.Number)
	if _, unknown := errors.AsType[*handset.UnknownPhoneError](err); unknown && c.Name != "" {
		if _, err := desk.Add(ctx, c.Number, c.Name, c.Language); err != nil {
			return nil, err
		}
		phone, err = desk.Pick(ctx, c.Number)
	}
	if err != nil {
		return nil, err
	}
	if err := phone.Speak(ctx, c.Language); err != nil {
		return nil, err
	}
	return phone, nil
}

func (c *phoneCmd) play(ctx context.Context, desk *handset.Desk) error {
	content, err := os.ReadFile(c.Script)
	if err != nil {
		return fmt.Errorf("--script: %w", err)
	}
	script, err := transcript.Parse(string(content))
	if err != nil {
		return fmt.Errorf("%s: %w", c.Script, err)
	}
	player, err := handset.NewPlayer(ctx, desk, script, c.Patience)
	if err != nil {
		return err
	}
	player.Onward = c.Record != ""
	want, got, err := player.Play(ctx, script)
	if c.Record != "" {
		if saved := os.WriteFile(c.Record, []byte(got.String()), 0o644); saved != nil { //nolint:gosec // no secrets
			err = errors.Join(err, fmt.Errorf("--record: %w", saved))
		}
	}
	if diff := transcript.Diff(want, got); diff != "" {
		fmt.Print(diff)
		if err == nil {
			err = handset.ErrDiffers
		}
	}
	if err == nil {
		fmt.Printf("%s: %d steps as written\n", c.Script, len(got.Steps))
	}
	return err
}
