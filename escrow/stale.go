package escrow

import (
	"context"
	"maps"
	"slices"
)

// doneBy are, for each act of a party, the milestones that make it one that was done
// before.
func doneBy() map[string][]string {
	return map[string][]string{
		"agree":            {string(EventAccept)},
		"pay":              {string(EventLock)},
		"confirm_delivery": {string(EventConfirmDelivery)},
		"accept_goods":     {acceptGoods},
		"dispute":          {string(EventDispute), string(EventInspectionOver), string(EventOverdueUnwarned)},
		"withdraw":         {withdrawn},
		agreeCancel:        {string(EventCancel)},
		refuseCancel:       {cancelRefused},
		keepOn:             {cancelKept},
	}
}

// StaleActs lists what [Refusal.Done] can tell of with [Already].
func StaleActs() []string {
	return slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(doneBy()))...)))
}

// dated tells with a refusal of what was done before, or of what has ended, when that
// was. Without the date it is as right, so that a fault is only noted.
func (s *Service) dated(ctx context.Context, what string, from Phone, err error) error {
	refusal := RefusalOf(err)
	if refusal == nil || refusal.Contract == nil || !refusal.hasPast(what) {
		return err
	}
	events, fault := s.store.Events(ctx, refusal.Contract.ID)
	if fault != nil {
		s.log.ErrorContext(ctx, "date of what was done", "ref", refusal.Contract.Ref, "error", fault)
		return err
	}
	role, _ := refusal.Contract.RoleOf(from)
	refusal.recall(what, role, events)
	return err
}

// hasPast reports whether the history tells more of the refusal of an act. A wish to
// call off leaves nothing but history when it is answered.
func (r *Refusal) hasPast(what string) bool {
	return r.Code == Already || r.Code == Closed || r.Code == NotNow && (what == refuseCancel || what == keepOn)
}

// recall finds in the history, oldest first, what the refused act comes too late for.
func (r *Refusal) recall(what string, role Role, events []AuditEvent) {
	for _, e := range slices.Backward(events) {
		past := Milestone{What: e.milestone(), At: e.At, By: r.Contract.SideOf(e)}
		done := slices.Contains(doneBy()[what], past.What)
		switch {
		case r.Code == Closed && e.From != e.To && State(e.To).Terminal(), r.Code == Already && done:
			r.Done = past
			return
		case r.Code == NotNow && slices.Contains(wishes(), past.What):
			if done && past.By == role {
				r.Code, r.Done = Already, past
			}
			return
		}
	}
}
