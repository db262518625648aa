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
	Dev         devCmd         `cmd:"" help:"Run everything on this machine with simulated phones and money."`
	Serve       serveCmd       `cmd:"" help:"Run the gateway on PostgreSQL and Redis with real providers."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database schema to its newest version."`
	Items       itemsCmd       `cmd:"" help:"List what waits for a person: disputes, stuck payouts, odd money."`
	Item        itemCmd        `cmd:"" help:"Close what waited for a person."`
	Contract    contractCmd    `cmd:"" help:"Look at contracts, and decide disputes with the key in OPERATOR_KEY."`
	Operator    operatorCmd    `cmd:"" help:"Say who may decide disputes."`
	Party       partyCmd       `cmd:"" help:"Look after a person who forgot their PIN."`
	Suspense    suspenseCmd    `cmd:"" help:"Look after money that came for no contract anyone can name."`
	Payouts     payoutsCmd     `cmd:"" help:"See whether payouts are halted, and let them go again."`
	Transfer    transferCmd    `cmd:"" help:"Look after a single payout or refund."`
	Statement   statementCmd   `cmd:"" help:"Print what the ledger says of one contract."`
	Pubkey      pubkeyCmd      `cmd:"" help:"Print the public half of the signing key, and its id."`
	Paybill     paybillCmd     `cmd:"" help:"Set up the PayBill number that buyers pay into."`
	Float       floatCmd       `cmd:"" help:"Book what we ourselves brought to M-Pesa or took from it."`
	Reconcile   reconcileCmd   `cmd:"" help:"Compare our books with M-Pesa's statement and balance, and repair what is certain."`
	Audit       auditCmd       `cmd:"" help:"Prove every contract and the ledger: the books, the states, the trail, the signatures."`
	Export      exportCmd      `cmd:"" help:"Print one contract with all its evidence as a signed document."`
	Verify      verifyCmd      `cmd:"" help:"Prove an exported contract with the public key alone, offline."`
	Simulator   simulatorCmd   `cmd:"" help:"Run the simulated providers and phones alone, for a gateway elsewhere."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running gateway whether it is ready; for containers."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cli commands
	command := kong.Parse(&cli,
		kong.Name("voicepact"),
		kong.Description("Escrow by USSD and SMS, with M-Pesa for the money."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	command.FatalIfErrorf(command.Run())
}
