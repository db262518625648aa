package main

import (
	"errors"

	"github.com/voicepact/gateway/escrow"
)

// Rules are what an operator chose about the money. Gateways and the commands of
// operators read the same ones: what either decides, the other carries out.
type Rules struct {
	// CodeAbove is the amount in shillings above which accepting goods by USSD
	// takes the PIN or the release code.
	CodeAbove int64 `env:"CODE_ABOVE_KSH" envDefault:"5000"`
	// FourEyesAbove is the amount in shillings above which a ruling, another number to
	// pay to, and what is settled by hand or said of stray money take a second operator.
	FourEyesAbove int64 `env:"FOUR_EYES_ABOVE_KSH" envDefault:"20000"`
	// ConfirmAbove is the amount in shillings from which on a payment counts only
	// after M-Pesa, asked by us, has confirmed it: 0 is always, -1 never.
	ConfirmAbove int64       `env:"CONFIRM_ABOVE_KSH" envDefault:"20000"`
	Fee          platformFee `envPrefix:"PLATFORM_FEE_"`
}

// platformFee is what the service takes for a contract. It holds for contracts
// that are proposed from now on.
type platformFee struct {
	BasisPoints int64  `env:"BPS" envDefault:"0"`
	Flat        int64  `env:"FLAT_KSH" envDefault:"0"`
	Payer       string `env:"PAYER" envDefault:"buyer"`
}

func (f platformFee) check() error {
	const all = 10_000 // basis points
	if f.BasisPoints < 0 || f.BasisPoints >= all || f.Flat < 0 {
		return errors.New("PLATFORM_FEE_BPS must be 0 to 9999, and PLATFORM_FEE_FLAT_KSH 0 or more")
	}
	if f.Payer != string(escrow.Buyer) && f.Payer != string(escrow.Seller) {
		return errors.New("PLATFORM_FEE_PAYER must be buyer or seller")
	}
	return nil
}

// rulebook is the part of the configuration that makes the policy. Of M-Pesa's it
// needs no more than this, and a command that does not call M-Pesa can do without.
type rulebook struct {
	Rules

	Daraja struct {
		ShortCode    string `env:"SHORTCODE"`
		B2CShortCode string `env:"B2C_SHORTCODE"`
		Bouquet      string `env:"PAYBILL_BOUQUET" envDefault:"business"`
	} `envPrefix:"DARAJA_"`
}

func (c config) rulebook() rulebook {
	r := rulebook{Rules: c.Rules}
	r.Daraja.ShortCode, r.Daraja.B2CShortCode, r.Daraja.Bouquet = c.Daraja.ShortCode, c.Daraja.B2CShortCode, c.Daraja.Bouquet
	return r
}

// policy is the escrow's, with what an operator chose.
func (c config) policy() escrow.Policy { return c.rulebook().policy() }

func (r rulebook) policy() escrow.Policy {
	policy := escrow.DefaultPolicy()
	policy.CodeAbove = escrow.Shillings(r.CodeAbove)
	policy.FourEyesAbove = escrow.Shillings(r.FourEyesAbove)
	policy.ConfirmAbove = escrow.Shillings(r.ConfirmAbove)
	policy.Fee = escrow.FeePlan{
		BasisPoints: r.Fee.BasisPoints, Flat: escrow.Shillings(r.Fee.Flat), Payer: escrow.Role(r.Fee.Payer),
	}
	policy.Bouquet = escrow.Bouquet(r.Daraja.Bouquet)
	policy.OneShortCode = r.Daraja.ShortCode != "" && r.Daraja.ShortCode == r.Daraja.B2CShortCode
	return paced(policy)
}

// check refuses what no policy can be made of.
func (r rulebook) check() error {
	err := r.Fee.check()
	if !escrow.Bouquet(r.Daraja.Bouquet).Known() {
		err = errors.Join(err, errors.New("DARAJA_PAYBILL_BOUQUET must be business, customer or mgao"))
	}
	return err
}

// policy reads the rules of the environment, or those of `voicepact dev`.
func (b books) policy(environ []string) (escrow.Policy, error) {
	if b.Data != "" {
		secrets, err := b.secrets()
		return demonstrated(secrets.config("", b.database(), "").policy()), err
	}
	rules, err := readEnv[rulebook](environ)
	if err == nil {
		err = rules.check()
	}
	return rules.policy(), err
}
