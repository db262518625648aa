package escrow

import "time"

// Policy holds the amounts and times that an operator may choose.
type Policy struct {
	// CodeAbove is the amount above which accepting goods on USSD takes the
	// PIN, or the release code, as a second proof; see [Service.Proof]. By SMS it always does, because a sender's
	// number can be forged there.
	CodeAbove Cents
	// PromptLife is how long a buyer has to answer an M-Pesa prompt before the
	// payment counts as failed. A later success still counts as money.
	PromptLife time.Duration
	// PromptPause is how long a phone rests between two prompts, and
	// SamePromptPause between two over the same amount.
	PromptPause     time.Duration
	SamePromptPause time.Duration
	// CollectLooks and PayoutLooks say how long after it was sent a transfer
	// without an answer is asked about. After the last one a payout is asked
	// about hourly, and a collection no more.
	CollectLooks []time.Duration
	PayoutLooks  []time.Duration
	// PayoutPatience is how long a payout may stay unanswered, or unsent, before
	// a person has to look.
	PayoutPatience time.Duration
	// ResendAfter is how long after it was sent an unknown payout is sent again,
	// under the same id, if the provider says that it has never seen it. M-Pesa
	// refuses an id that it has seen, so that this cannot pay twice.
	ResendAfter time.Duration

	// AgreeWithin and PayWithin are how long a contract waits for the other side
	// and for the money before it expires.
	AgreeWithin time.Duration
	PayWithin   time.Duration
	// Grace is how long after the last day of delivery the money of a seller who
	// was warned goes back.
	Grace time.Duration
	// Inspection is how long a buyer has to look at what was delivered before a
	// mediator is called.
	Inspection time.Duration
	// ConfirmWithin is how long a seller may leave unconfirmed what the buyer has
	// accepted before an operator is called. Nothing else follows.
	ConfirmWithin time.Duration
	// ReverseWithin is how old a payment may be to be undone by its receipt. An
	// older one is returned by a payout: M-Pesa promises nothing about how long a
	// payment can be reversed, and the money may have been settled to the bank.
	ReverseWithin time.Duration
	// ConfirmAbove is the amount from which on a payment that a callback tells of
	// counts only after the provider, asked by us, has said so too; 0 is always,
	// and less is never.
	ConfirmAbove Cents
	// Fee is what the service takes for a contract, fixed when it is proposed.
	Fee FeePlan

	// Bouquet says who bears M-Pesa's charge for a payment to the PayBill.
	Bouquet Bouquet

	// OneShortCode says that buyers pay into the account that payouts leave from.
	OneShortCode bool

	// FourEyesAbove is the amount above which it takes two operators to rule, to pay
	// to another number, to say what became of money at M-Pesa, and whose money that
	// of no contract is.
	FourEyesAbove Cents
}

// DefaultPolicy is what the documents of the product settle on. The looks fit
// the five STK queries a minute that Daraja allows an app.
func DefaultPolicy() Policy {
	return Policy{
		CodeAbove:  Shillings(5_000),
		PromptLife: 5 * time.Minute,

		PromptPause:     time.Minute,
		SamePromptPause: 2 * time.Minute,
		CollectLooks: []time.Duration{
			25 * time.Second, 55 * time.Second, 90 * time.Second, 3 * time.Minute, 5 * time.Minute,
			15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour,
		},
		PayoutLooks: []time.Duration{
			30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
		},
		PayoutPatience: time.Hour,
		ResendAfter:    10 * time.Minute,
		AgreeWithin:    2 * day,
		PayWithin:      day,
		Grace:          2 * day,
		Inspection:     3 * day,
		ConfirmWithin:  5 * day,
		ReverseWithin:  3 * day,
		ConfirmAbove:   Shillings(20_000),
		FourEyesAbove:  Shillings(20_000),
		Bouquet:        BouquetBusiness,
	}
}
