package sms

import (
	"context"
	"fmt"

	"github.com/voicepact/gateway/escrow"
)

// optOutKey makes a person's opt-out from a sender one callback.
func optOutKey(f form) string { return hashOf(f["senderId"], f["phoneNumber"]) }

// WorkOptOut takes one kept opt-out: the person told the provider, and not us, that
// they want no messages of our sender. It counts as STOP. No answer would arrive.
func (h *Handler) WorkOptOut(ctx context.Context, body []byte) error {
	f, _ := parseForm(body)
	phone, err := escrow.ParsePhone(f["phoneNumber"])
	if err != nil {
		h.log.WarnContext(ctx, "opt-out of nobody we can read")
		return nil //nolint:nilerr // it will not become readable
	}
	h.log.WarnContext(ctx, "opted out at the provider, who will refuse what we send", "phone", phone, "sender", plain(f["senderId"]))
	if err := h.service.Silence(ctx, phone, true); err != nil {
		return fmt.Errorf("opt-out: %w", err)
	}
	return nil
}
