// Command voicepact is the VoicePact telephony gateway: escrow for people who
// own nothing but a feature phone. `voicepact dev` needs nothing and simulates
// the rest of the world; `voicepact serve` is for production.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Dev         devCmd         `cmd:"" group:"run" help:"Run everything on this machine with simulated phones and money."`
	Serve       serveCmd       `cmd:"" group:"run" help:"Run the gateway on PostgreSQL and Redis with real providers."`
	Migrate     migrateCmd     `cmd:"" group:"run" help:"Bring the database schema to its newest version."`
	Paybill     paybillCmd     `cmd:"" group:"run" help:"Set up the PayBill number that buyers pay into."`
	Healthcheck healthcheckCmd `cmd:"" group:"run" help:"Ask a running gateway whether it is ready; for containers."`
	Phone       phoneCmd       `cmd:"" group:"run" help:"A feature phone in the terminal, for a simulated gateway."`
	Simulator   simulatorCmd   `cmd:"" group:"run" help:"Run the simulated providers and phones alone, for a gateway elsewhere."`
	Menus       menusCmd       `cmd:"" group:"run" help:"Look at the USSD menu as data."`

	Items    itemsCmd    `cmd:"" group:"desk" help:"List what waits for a person: disputes, stuck payouts, odd money."`
	Item     itemCmd     `cmd:"" group:"desk" help:"Close what waited for a person."`
	Contract contractCmd `cmd:"" group:"desk" help:"Look at contracts, and decide disputes."`
	Operator operatorCmd `cmd:"" group:"desk" help:"Say who may decide disputes and act about money."`
	Party    partyCmd    `cmd:"" group:"desk" help:"Look after a person who forgot their PIN."`

	Payouts   payoutsCmd   `cmd:"" group:"money" help:"See whether payouts are halted, and let them go again."`
	Transfer  transferCmd  `cmd:"" group:"money" help:"Look after a single payout or refund."`
	Suspense  suspenseCmd  `cmd:"" group:"money" help:"Look after money that came for no contract anyone can name."`
	Float     floatCmd     `cmd:"" group:"money" help:"Book what we ourselves brought to M-Pesa or took from it."`
	Statement statementCmd `cmd:"" group:"money" help:"Print what the ledger says of one contract."`
	Reconcile reconcileCmd `cmd:"" group:"money" help:"Compare the books with M-Pesa's, and repair what is certain."`

	Audit  auditCmd  `cmd:"" group:"proofs" help:"Prove every contract and the ledger: books, states, trail, signatures."`
	Export exportCmd `cmd:"" group:"proofs" help:"Print one contract with all its evidence as a signed document."`
	Verify verifyCmd `cmd:"" group:"proofs" help:"Prove an exported contract with the public key alone, offline."`
	Pubkey pubkeyCmd `cmd:"" group:"proofs" help:"Print the public half of the signing key, and its id."`
}

// groups are the headings of the help.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "run", Title: "Run the gateway:"},
		{Key: "desk", Title: "Decide what waits for a person (with the key in OPERATOR_KEY):"},
		{Key: "money", Title: "Look after the money:"},
		{Key: "proofs", Title: "Prove what happened:"},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	command := kong.Parse(&cli,
		kong.Name("voicepact"),
		kong.Description("Escrow by USSD and SMS, with M-Pesa for the money."),
		kong.ExplicitGroups(groups()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ShortUsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	command.FatalIfErrorf(command.Run())
}
