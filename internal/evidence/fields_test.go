package evidence

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
)

// leftOut are the fields of the domain that no proof needs: who adds one to a
// contract or a transfer decides here, or exports it.
func leftOut() []string {
	return []string{
		"Contract.Version", "Contract.CodeTries", "Contract.CancelTries", "Contract.RemindedAt",
		"Contract.Due.End", "Contract.Due.Armed", "Contract.Due.Counted",
		"Transfer.Version", "Transfer.ProviderID", "Transfer.Looks", "Transfer.Resent", "Transfer.NotBefore",
		"Item.Closed",                                              // only open ones are exported
		"Party.Phone", "Party.Name", "Party.Language", "Party.PIN", // of a proof, which knows people by id
	}
}

// Whatever is known of a contract comes back from its document, so that a field
// which the terms or a rule look at cannot be missing from an export.
func TestNothingThatAProofNeedsIsLeftOut(t *testing.T) {
	t.Parallel()
	var want store.Dossier
	fill(reflect.ValueOf(&want.Contract).Elem(), "Contract")
	want.Contract.State, want.Contract.DeliverBy = escrow.Delivered, escrow.Day(want.Contract.DeliverBy)
	var event escrow.AuditEvent
	var payment escrow.Payment
	var transfer escrow.Transfer
	var posting escrow.Posting
	var item escrow.Item
	fill(reflect.ValueOf(&event).Elem(), "AuditEvent")
	fill(reflect.ValueOf(&payment).Elem(), "Payment")
	fill(reflect.ValueOf(&transfer).Elem(), "Transfer")
	fill(reflect.ValueOf(&posting).Elem(), "Posting")
	fill(reflect.ValueOf(&item).Elem(), "Item")
	id, ref := want.Contract.ID, want.Contract.Ref
	event.ContractID, payment.ContractID, posting.ContractID = id, id, id
	transfer.ContractID, transfer.Ref, item.ContractID, item.Ref = id, ref, id, ref
	want.Events, want.Payments = []escrow.AuditEvent{event}, []escrow.Payment{payment}
	want.Transfers, want.Postings, want.Items = []escrow.Transfer{transfer}, []escrow.Posting{posting}, []escrow.Item{item}

	got, err := From(want, nil, Options{}).dossier()
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]any{
		{got.Contract, want.Contract},
		{got.Events, want.Events},
		{got.Payments, want.Payments},
		{got.Transfers, want.Transfers},
		{got.Postings, want.Postings},
		{got.Items, want.Items},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("comes back as\n%+v, was\n%+v", pair[0], pair[1])
		}
	}
}

// fill gives every field a value that is not its zero, but for those left out.
func fill(v reflect.Value, path string) {
	if slices.Contains(leftOut(), path) || v.Kind() == reflect.Struct && slices.Contains(leftOut(), v.Type().Name()) {
		return
	}
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 12, 3, 4, 5, 6, 7000, time.UTC)))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.NewSHA1(uuid.Nil, []byte(path))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		name := path
		if v.Type() == reflect.TypeFor[escrow.Party]() {
			name = "Party"
		}
		for i := range v.NumField() {
			fill(v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(path))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path)
	case reflect.String:
		v.SetString(path)
	default:
		v.SetInt(7)
	}
}
