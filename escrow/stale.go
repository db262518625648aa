package escrow

import (
	"context"
	"slices"
)

// doneBy are the milestones that make an act of a party one that was done before.
func doneBy(what string) []string {
	switch what {
	case "agree":
		return []string{string(EventAccept)}
	case "pay":
		return []string{string(EventLock)}
	case "confirm_delivery":
		return []string{string(EventConfirmDelivery)}
	case "accept_goods":
		return []string{acceptGoods}
	case "dispute":
		return []string{string(EventDispute), string(EventInspectionOver), string(EventOverdueUnwarned)}
	case "withdraw":
		return []string{withdrawn}
	case agreeCancel:
		return []string{string(EventCancel)}
	default:
		return nil
	}
}

// StaleActs lists what [Refusal.Done] can tell of with [Already].
func StaleActs() []string {
	return slices.Concat(doneBy("agree"), doneBy("pay"), doneBy("confirm_delivery"), doneBy("accept_goods"),
		doneBy("dispute"), doneBy("withdraw"), doneBy(agreeCancel))
}

// dated tells with a refusal of what was done before, or of what has ended, when that
// was. Without the date it is as right, so that a fault is only noted.
func (s *Service) dated(ctx context.Context, what string, err error) error {
	refusal := RefusalOf(err)
	if refusal == nil || refusal.Contract == nil || refusal.Code != Already && refusal.Code != Closed {
		return err
	}
	events, fault := s.store.Events(ctx, refusal.Contract.ID)
	if fault != nil {
		s.log.ErrorContext(ctx, "date of what was done", "ref", refusal.Contract.Ref, "error", fault)
		return err
	}
	for _, e := range slices.Backward(events) {
		ended := refusal.Code == Closed && e.From != e.To && State(e.To).Terminal()
		if done := e.milestone(); ended || refusal.Code == Already && slices.Contains(doneBy(what), done) {
			refusal.Done = Milestone{What: done, At: e.At, By: refusal.Contract.SideOf(e)}
			return err
		}
	}
	return err
}
