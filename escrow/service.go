package escrow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// Service offers the use cases. It is safe for concurrent use.
type Service struct {
	store     Store
	provider  Provider
	books     Books
	messenger Messenger
	codes     *Codes
	signer    *Signer
	policy    Policy
	now       func() time.Time
	log       *slog.Logger
}

// Deps is what a [Service] is made of; every field is needed.
type Deps struct {
	Store     Store
	Provider  Provider
	Books     Books
	Messenger Messenger
	Codes     *Codes
	Signer    *Signer
	Policy    Policy
	Now       func() time.Time
	Log       *slog.Logger
}

// NewService makes the service.
func NewService(d Deps) *Service {
	return &Service{
		store: d.Store, provider: d.Provider, books: d.Books, messenger: d.Messenger,
		codes: d.Codes, signer: d.Signer, policy: d.Policy, now: d.Now, log: d.Log,
	}
}

// FeePlan is what the service takes for contracts that are proposed now.
func (s *Service) FeePlan() FeePlan { return s.policy.Fee }

// Fee is what the service takes for a price, and from whom.
func (s *Service) Fee(price Cents) (Cents, Role) { return s.policy.Fee.For(price), s.policy.Fee.Payer }

// Request says who asks for something, by which channel, and under which
// idempotency key: the same key and input have their effect once.
type Request struct {
	Key     string
	From    Phone
	Channel Channel
}

// Command is a request about one contract.
type Command struct {
	Request
	Ref   Ref
	Code  string // the release code, with AcceptGoods, or that of the message that asked, with AgreeCancel
	PIN   PIN    // by USSD, where [Service.Proof] and its like ask for it
	Words string // with Dispute the reason, a party's own words or the key of a menu's ("trouble.less"); with AddWord what is added
}

// Result is a contract after a use case, and the side the caller is on.
type Result struct {
	Contract Contract
	Role     Role
	Repeated bool // the key had been worked before; nothing was done now
}

// input is the hash that ties an idempotency key to what was asked under it.
func input(what string, values any) ([]byte, error) {
	text, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("hash input of %s: %w", what, err)
	}
	sum := sha256.Sum256(append([]byte(what+"\x00"), text...))
	return sum[:], nil
}

// party opens the work of one command by a party of the contract: claims the
// key, locks the contract, checks that the caller is on it, runs fn and saves.
// fn returns a refusal to change nothing, or keeps one in the work to change
// something and refuse all the same.
func (s *Service) party(ctx context.Context, what string, cmd Command, fn func(context.Context, *work) error) (Result, error) {
	result, err := s.onContract(ctx, instruction{
		what: what, key: cmd.Key, channel: cmd.Channel, ref: cmd.Ref, input: cmd,
		who: func(_ context.Context, _ Tx, c Contract) (actor, error) {
			role, ok := c.RoleOf(cmd.From)
			if !ok {
				return actor{}, Refuse(UnknownContract)
			}
			return actor{role: role, id: c.Party(role).ID}, nil
		},
	}, fn)
	return result, s.dated(ctx, what, cmd.From, err)
}

// work is one use case under way: the transaction, the contract under lock,
// and who acts on what evidence.
type work struct {
	Tx
	signer   *Signer
	now      time.Time
	policy   *Policy
	contract Contract
	role     Role      // of the actor; empty where no party acts
	actor    uuid.UUID // zero where no party acts
	channel  Channel
	evidence string
	operator string         // name of the operator who acts, if one does
	refusal  *Refusal       // returned to the caller after the commit
	asked    []Item         // operator items, announced after the commit
	via      ArrivalChannel // by which money was heard of
}

// move takes the contract to the state that event leads to.
func (w *work) move(ctx context.Context, event Event, detail string) error {
	from := w.contract.State
	to, err := from.Next(event)
	if err != nil {
		return err
	}
	w.contract.State = to
	if err := w.record(ctx, string(event), string(from), string(to), detail); err != nil {
		return err
	}
	if err := w.tidy(ctx, from, event); err != nil {
		return err
	}
	return w.arm(ctx, from)
}

// tidy ends what belonged to the state that was left: what it had opened for a
// person, and the wish to call off of a side that now goes on with the deal.
func (w *work) tidy(ctx context.Context, from State, event Event) error {
	if goesOn := event == EventConfirmDelivery || event == EventAccept; goesOn && w.role == w.contract.CancelBy {
		w.contract.CancelBy, w.contract.CancelAt = "", time.Time{}
	}
	if from == Disputed && event != EventResolve {
		if err := w.LapseRuling(ctx, w.contract.ID, w.now); err != nil {
			return err
		}
	}
	var over []ItemKind
	switch from {
	case Disputed:
		over = []ItemKind{ItemDispute, ItemInspectionOver, ItemOverdueUnwarned}
	case Accepted:
		if event != EventDispute { // which may be withdrawn, and nothing else looks after it then
			over = []ItemKind{ItemAcceptedSilent}
		}
	default:
	}
	for _, kind := range over {
		if err := w.CloseItem(ctx, w.contract.ID, kind, Closing{By: w.operator, Why: string(event), At: w.now}); err != nil {
			return err
		}
	}
	return nil
}

// record appends an event to the contract's audit chain.
func (w *work) record(ctx context.Context, event, from, to, detail string) error {
	e := AuditEvent{
		ID: newID(), ContractID: w.contract.ID, Seq: w.contract.ChainSeq + 1, At: w.now,
		Actor: w.actor, Channel: w.channel, Evidence: w.evidence,
		Event: event, From: from, To: to, Detail: detail,
		Prev: w.contract.ChainHead,
	}
	e.Hash = e.seal()
	w.signer.sign(&e, w.contract.TermsHash)
	w.contract.ChainSeq, w.contract.ChainHead = e.Seq, e.Hash
	return w.AddEvent(ctx, e)
}

// note records what changes no state.
func (w *work) note(ctx context.Context, event, detail string) error {
	return w.record(ctx, event, string(w.contract.State), string(w.contract.State), detail)
}

// save writes the contract back, if the work changed it.
func (w *work) save(ctx context.Context) error {
	w.contract.UpdatedAt = w.now
	return w.SaveContract(ctx, w.contract)
}

// post writes a ledger posting for the contract.
func (w *work) post(ctx context.Context, reason string, transfer uuid.UUID, lines []Entry) error {
	p := Posting{
		ID: newID(), ContractID: w.contract.ID, TransferID: transfer,
		Reason: reason, Entries: lines, At: w.now,
	}
	if err := p.check(); err != nil {
		return err
	}
	return w.AddPosting(ctx, p)
}

// ask opens an item for an operator.
func (w *work) ask(ctx context.Context, kind ItemKind, transfer uuid.UUID, note string) error {
	item := Item{
		ID: newID(), Kind: kind, ContractID: w.contract.ID, Ref: w.contract.Ref, TransferID: transfer,
		Note: note, OpenedAt: w.now,
	}
	w.asked = append(w.asked, item)
	return w.AddItem(ctx, item)
}

// announce makes operator items seen in the log, once they are stored. Notes can
// hold a party's words and stay in the database.
func (s *Service) announce(ctx context.Context, items []Item) {
	for _, item := range items {
		s.log.WarnContext(ctx, "a person is needed", "kind", item.Kind, "item", item.ID,
			"ref", item.Ref, "transfer", item.TransferID)
	}
}

// tell sends a message to one side. Whoever has just seen the same words on
// the USSD screen is not told again.
func (w *work) tell(ctx context.Context, role Role, template Template) error {
	if role == w.role && w.channel == ChannelUSSD {
		return nil
	}
	return w.receipt(ctx, role, template)
}

// receipt sends a message that its receiver keeps, however they acted.
func (w *work) receipt(ctx context.Context, role Role, template Template, more ...func(*MessageParams)) error {
	params := ParamsFor(w.contract, role)
	for _, add := range more {
		add(&params)
	}
	m := Message{
		ID: newID(), To: w.contract.Party(role), ContractID: w.contract.ID,
		Template: template, Params: params, State: MessageQueued, CreatedAt: w.now, UpdatedAt: w.now,
	}
	return queueMessage(ctx, w.Tx, m)
}

// ParamsFor fills what most templates show of a contract to one of its sides.
func ParamsFor(c Contract, role Role) MessageParams {
	params := MessageParams{
		Ref: c.Ref, Item: c.Item, Place: c.Place, Quality: c.Quality, Amount: c.Amount,
		Due: c.Receivable(), Held: c.Payable(), Gets: c.Receivable(), Other: c.Party(role.Other()).Label(),
		State: c.State, Role: role, DeliverBy: c.DeliverBy.In(EAT).Format(time.DateOnly),
	}
	if role == Buyer {
		params.Due = c.Payable()
	}
	if role == c.FeePayer {
		params.Fee = c.Fee
	}
	if c.Due.Running() {
		params.Until = c.Due.LastDay().Format(time.DateOnly)
	}
	return params
}

// detailsPause is how much later the rest of a proposal leaves than the proposal: it
// begins with "also".
const detailsPause = 5 * time.Second

func queueMessage(ctx context.Context, tx Tx, m Message) error {
	if err := tx.AddMessage(ctx, m); err != nil {
		return err
	}
	at := m.CreatedAt
	if m.Template == MsgDetails {
		at = at.Add(detailsPause)
	}
	return tx.Enqueue(ctx, SendMessage{Message: m.ID}, at)
}

// newID mints a time-ordered id, so that indexes grow at one end.
func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
