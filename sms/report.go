package sms

import (
	"context"
	"fmt"
	"strings"

	"github.com/voicepact/gateway/escrow"
)

// reportKey makes every status of a message one callback: they come as several,
// and one that comes again with another retry count contradicts nothing.
func reportKey(f form) string {
	id, status := cleanID(f["id"]), cleanID(f["status"])
	if id == "" || status == "" {
		return hashOf(f["id"], f["status"], f["phoneNumber"])
	}
	return strings.Join([]string{id, status, cleanID(f["failureReason"]), cleanID(f["retryCount"])}, ":")
}

// WorkReport takes one kept delivery report. A status that nobody has told us
// about changes nothing. It returns [escrow.Later] where the report was faster
// than the answer to the send.
func (h *Handler) WorkReport(ctx context.Context, body []byte) error {
	f, _ := parseForm(body)
	id := cleanID(f["id"])
	state, ok := stateOf(f["status"])
	if id == "" || !ok {
		h.log.WarnContext(ctx, "delivery report not understood", "status", plain(f["status"]))
		return nil
	}
	if err := h.service.Reported(ctx, id, state, plain(f["failureReason"])); err != nil {
		return fmt.Errorf("delivery report: %w", err)
	}
	return nil
}

// stateOf reads a status. The first three say that a network has the message,
// the others are final (delivery reports page; Expired is seen, not listed).
func stateOf(status string) (escrow.MessageState, bool) {
	switch strings.ToLower(strings.TrimSpace(status)) {
	case "sent", "submitted", "buffered":
		return escrow.MessageSent, true
	case "success":
		return escrow.MessageDelivered, true
	case "rejected", "failed", "expired":
		return escrow.MessageFailed, true
	default:
		return "", false
	}
}
