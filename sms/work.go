package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// talk is one message under work: who wrote, what they want, what is open for
// them.
type talk struct {
	inbound
	from  escrow.Phone
	order Order
	home  escrow.Home
}

// request is the talk as the use cases know it: the message id is the key, so
// that a message that is worked twice has its effect once.
func (t talk) request() escrow.Request {
	return escrow.Request{Key: "sms:" + t.id, From: t.from, Channel: escrow.ChannelSMS}
}

// reply is an answer that no use case sends; without a template there is none.
type reply struct {
	template escrow.Template
	params   escrow.MessageParams
}

func say(template escrow.Template) reply { return reply{template: template} }

// Work reads one kept message and does what it asks. What the rules refuse is
// answered in words and ends the job; an error means that the message has to be
// worked again.
func (h *Handler) Work(ctx context.Context, body []byte) error {
	f, _ := parseForm(body)
	in := readInbound(f)
	from, ok := in.person(h.shortCode)
	if !ok || strings.TrimSpace(in.text) == "" {
		h.log.InfoContext(ctx, "message is not answered", "person", ok, "length", len(in.text))
		return nil
	}
	t := talk{inbound: in, from: from, order: h.grammar.Read(withoutKeyword(in.text, h.keyword))}
	if err := h.meet(ctx, &t); err != nil {
		return fmt.Errorf("inbound sms: %w", err)
	}
	answer, err := h.answer(ctx, t)
	if err != nil {
		return fmt.Errorf("inbound sms: %w", err)
	}
	if answer.template == "" {
		return nil
	}
	_, err = h.service.Say(ctx, t.says(answer))
	if errors.Is(err, escrow.Refuse(escrow.KeyConflict)) {
		return nil // answered before, when things stood differently
	}
	if err != nil {
		return fmt.Errorf("answer sms: %w", err)
	}
	return nil
}

// meet finds the writer. Whoever acts in Kiswahili before having chosen a language
// has chosen it, because what the act sends must come in it. English chooses
// nothing: our own messages ask for English words until a language is chosen.
func (h *Handler) meet(ctx context.Context, t *talk) error {
	home, err := h.service.Home(ctx, t.from)
	if err != nil {
		return fmt.Errorf("find writer: %w", err)
	}
	t.home = home
	acts := t.order.Verb.Acts() && !t.order.Doubtful
	if home.Party.Language != "" || t.order.Language != escrow.Kiswahili || !acts {
		return nil
	}
	if err := h.service.SetLanguage(ctx, t.from, t.order.Language); err != nil {
		return fmt.Errorf("note language: %w", err)
	}
	t.home.Party.Language = t.order.Language
	return nil
}

// spoken is the language to answer in where it may not be the writer's own. Words
// of Kiswahili are answered in it; English ones prove nothing, everybody knows
// HELP. A near miss may be no Kiswahili at all, so there a choice counts more.
func (t talk) spoken() escrow.Language {
	if t.order.Language != escrow.Kiswahili || t.order.Doubtful && t.home.Party.Language != "" {
		return ""
	}
	return escrow.Kiswahili
}

// answer does what the message asks and returns what is still to be said.
func (h *Handler) answer(ctx context.Context, t talk) (reply, error) {
	switch t.order.Verb {
	case VerbHelp:
		if t.order.Doubtful {
			return suggest(t.order.Verb, ""), nil
		}
		return say(escrow.MsgHelp), nil
	case VerbStop, VerbStart:
		return h.silence(ctx, t)
	case VerbLanguage:
		if err := h.service.SetLanguage(ctx, t.from, t.order.Language); err != nil {
			return reply{}, fmt.Errorf("set language: %w", err)
		}
		return say(escrow.MsgLanguage), nil
	case VerbNone:
		return h.guess(ctx, t)
	default:
		return h.about(ctx, t)
	}
}

// silence takes STOP and START: about reminders, and nothing else.
func (h *Handler) silence(ctx context.Context, t talk) (reply, error) {
	stop := t.order.Verb == VerbStop
	if err := h.service.Silence(ctx, t.from, stop); err != nil {
		return reply{}, fmt.Errorf("note opt-out: %w", err)
	}
	if stop {
		return say(escrow.MsgStop), nil
	}
	return say(escrow.MsgStart), nil
}

// guess answers a message without a verb: with the contract if it names one of
// the writer's, because to show it moves nothing.
func (h *Handler) guess(ctx context.Context, t talk) (reply, error) {
	if t.order.Ref == "" {
		return say(escrow.MsgNotUnderstood), nil
	}
	answer, err := h.status(ctx, t.from, t.order.Ref)
	if err == nil && answer.template == escrow.MsgUnknown {
		return say(escrow.MsgNotUnderstood), nil
	}
	return answer, err
}

// about answers a message about a contract. Only STATUS may leave the reference
// out, and only where one contract is open; whatever else is missing or in
// doubt is asked back with the words to reply.
func (h *Handler) about(ctx context.Context, t talk) (reply, error) {
	ref, open := t.order.Ref, t.home.Open
	switch {
	case t.order.BadRef:
		return say(escrow.MsgUnknown), nil
	case ref == "" && len(open) == 0:
		return h.newest(ctx, t)
	case ref == "" && len(open) > 1:
		return which(t.order.Verb, open), nil
	case ref == "" && (t.order.Verb.Acts() || t.order.Doubtful):
		return suggest(t.order.Verb, open[0].Ref), nil
	case ref == "":
		ref = open[0].Ref
	case t.order.Doubtful && t.order.Verb == VerbDispute && t.order.Words != "":
		return h.moreWords(ctx, t, ref)
	case t.order.Doubtful:
		return suggest(t.order.Verb, ref), nil
	}
	if t.order.Verb == VerbStatus {
		return h.status(ctx, t.from, ref)
	}
	return h.act(ctx, t, ref)
}

// moreWords adds what was said to a dispute that is open: whether it says that all is
// well is for the mediator to read, and it moves nothing. Where none is open it may
// not become one, and is asked back.
func (h *Handler) moreWords(ctx context.Context, t talk, ref escrow.Ref) (reply, error) {
	view, err := h.service.View(ctx, t.from, ref)
	if refusal := escrow.RefusalOf(err); refusal != nil {
		return refused(refusal, t.from), nil
	}
	if err != nil {
		return reply{}, fmt.Errorf("view contract: %w", err)
	}
	if view.Contract.CanAddWord() {
		return h.act(ctx, t, ref)
	}
	return suggest(t.order.Verb, ref), nil
}

// newest answers somebody without an open contract who names none: STATUS then
// asks what became of the last one.
func (h *Handler) newest(ctx context.Context, t talk) (reply, error) {
	if t.order.Verb != VerbStatus || t.order.Doubtful {
		return say(escrow.MsgUnknown), nil
	}
	contracts, err := h.service.Contracts(ctx, t.from, 0, 1)
	if err != nil {
		return reply{}, fmt.Errorf("newest contract: %w", err)
	}
	if len(contracts) == 0 {
		return say(escrow.MsgUnknown), nil
	}
	return h.status(ctx, t.from, contracts[0].Contract.Ref)
}

// status says how a contract stands, to those who are on it.
func (h *Handler) status(ctx context.Context, from escrow.Phone, ref escrow.Ref) (reply, error) {
	view, err := h.service.View(ctx, from, ref)
	if refusal := escrow.RefusalOf(err); refusal != nil {
		return refused(refusal, from), nil
	}
	if err != nil {
		return reply{}, fmt.Errorf("view contract: %w", err)
	}
	params := paramsOf(view.Contract, view.Role)
	params.Payment = view.Payment
	return reply{escrow.MsgStatus, params}, nil
}

// act runs the use case that the verb comes to. Its own messages are the
// answer; a refusal is put into words here.
func (h *Handler) act(ctx context.Context, t talk, ref escrow.Ref) (reply, error) {
	view, err := h.service.View(ctx, t.from, ref)
	if err == nil && t.late(view) {
		return suggest(t.order.Verb, ref), nil
	}
	if err == nil {
		_, err = h.useCase(t.order, view)(ctx, escrow.Command{
			Request: t.request(), Ref: ref, Code: t.order.Code, Words: t.order.Words,
		})
	}
	refusal := escrow.RefusalOf(err)
	switch {
	case err == nil:
		return reply{}, nil
	case refusal == nil:
		return reply{}, fmt.Errorf("%s: %w", t.order.Verb, err)
	case refusal.Code == escrow.KeyConflict:
		return reply{}, nil // worked before, as something else, when things stood differently
	default:
		return refused(refusal, t.from), nil
	}
}

// clocksApart is how far the provider's clock and ours may be from each other.
const clocksApart = 2 * time.Minute

// late reports a WITHDRAW that was written before what it would take back now, or a
// NO before the wish that it would refuse: it came late, after the next dispute or
// wish. All other verbs that come late find a state that refuses them.
func (t talk) late(v escrow.View) bool {
	since := v.Contract.UpdatedAt
	switch {
	case t.date.IsZero():
		return false
	case t.order.Verb == VerbDecline && refusesWish(v):
		since = v.Contract.CancelAt
	case t.order.Verb != VerbWithdraw:
		return false
	}
	return t.date.Before(since.Add(-clocksApart))
}

// refused puts a refusal into words, with the contract as it stands. Who lacks
// the code gets it again: it goes to the phone of the side that may use it,
// whoever asked for it, and the message may have been lost.
func refused(refusal *escrow.Refusal, from escrow.Phone) reply {
	if refusal.Code == escrow.UnknownContract {
		return say(escrow.MsgUnknown)
	}
	var params escrow.MessageParams
	if c := refusal.Contract; c != nil {
		role, _ := c.RoleOf(from)
		params = paramsOf(*c, role)
	}
	switch refusal.Code {
	case escrow.CodeNeeded:
		return reply{escrow.MsgDeliveredBuyer, params}
	case escrow.CancelCodeNeeded:
		return reply{escrow.MsgCancelAsked, params}
	default:
	}
	params.Code, params.Left, params.Wait = refusal.Code, refusal.Left, seconds(refusal.Wait)
	if done := refusal.Done; done.What != "" {
		params.Done, params.On = done.What, done.At.In(escrow.EAT).Format(time.DateOnly)
	}
	if refusal.Code == escrow.PromptOpen || refusal.Code == escrow.TooSoon {
		params.Act = "" // the natural act is just what is not open now
	}
	return reply{escrow.MsgRefused, params}
}

// seconds is a time to wait, rounded up: who comes back then is not too soon.
func seconds(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }

// actUnlock stands in the texts for a buyer's acceptance where no code is taken
// any more: by SMS nothing is left to reply, a call has to help.
const actUnlock escrow.Act = "unlock"

// paramsOf is what an answer about a contract shows, with the natural act.
func paramsOf(c escrow.Contract, role escrow.Role) escrow.MessageParams {
	params := escrow.ParamsFor(c, role)
	if acts := c.Acts(role); len(acts) > 0 {
		params.Act = acts[0]
	}
	if c.State == escrow.Delivered && params.Act == escrow.ActAccept && c.CodeLocked() {
		params.Act = actUnlock
	}
	if c.State.Funded() && c.CancelBy == role.Other() {
		params.Act = escrow.ActAgreeCancel
	}
	return params
}

// suggest asks back: nothing is done, here is what to reply if it was meant.
func suggest(verb Verb, ref escrow.Ref) reply {
	return reply{escrow.MsgSuggest, escrow.MessageParams{Ref: ref, Words: string(verb)}}
}

// maxListed is how many references fit into one message.
const maxListed = 4

// which asks for the reference.
func which(verb Verb, open []escrow.Contract) reply {
	open = open[:min(len(open), maxListed)]
	refs := make([]string, 0, maxListed)
	for _, c := range open {
		refs = append(refs, string(c.Ref))
	}
	return reply{escrow.MsgWhich, escrow.MessageParams{Item: strings.Join(refs, ", "), Words: string(verb)}}
}

// How many answers of one kind a writer gets in an hour: a person who tries again
// is answered, and a machine that answers whatever we say does not go on for ever.
const (
	// answersAnHour is for what says little, and for the codes that come again.
	answersAnHour = 5
	// helpAnHour is for what tells people how to go on: who asks for help gets it.
	helpAnHour = 20
	// standingAnHour is for how a contract of theirs stands.
	standingAnHour = 20
)

// most is the limit that an answer counts against. No answer is without one.
func (r reply) most() int {
	switch r.template {
	case escrow.MsgUnknown, escrow.MsgStop, escrow.MsgNotUnderstood, escrow.MsgDeliveredBuyer, escrow.MsgCancelAsked:
		return answersAnHour
	case escrow.MsgHelp, escrow.MsgStart, escrow.MsgLanguage, escrow.MsgSuggest, escrow.MsgWhich:
		return helpAnHour
	default:
		return standingAnHour // MsgStatus and MsgRefused
	}
}

// says is the answer as the use case takes it. It is said once for a message.
func (t talk) says(answer reply) escrow.Answer {
	answer.params.Language = t.spoken()
	return escrow.Answer{
		Key: t.request().Key + ":reply", To: t.from, Template: answer.template, Params: answer.params, Most: answer.most(),
	}
}
