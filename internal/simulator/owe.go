package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// owe stores a callback of Daraja and extra copies of it, unless it is to be
// dropped, each late and misshapen as the faults in force demand.
func (s *Sim) owe(ctx context.Context, tx *sqlx.Tx, cb callback, drop bool, extra int) error {
	faults := s.CurrentFaults()
	if drop || s.dice.chance(faults.DropPercent) {
		return nil
	}
	if s.dice.chance(faults.DuplicatePercent) {
		extra++
	}
	cb.Body = reshape(cb.Body, faults.FlipLists, faults.FlipTypes)
	for range 1 + max(0, extra) {
		late := faults.DelayMillis
		if faults.ShuffleMillis > 0 {
			late += s.dice.below(faults.ShuffleMillis + 1)
		}
		if err := s.enqueue(ctx, tx, cb, s.cfg.CallbackDelay+cb.late+time.Duration(late)*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// reshape writes a body in the other of the ways in which Daraja is known to
// write it. A body that is not JSON stays as it is.
func reshape(body []byte, lists, types bool) []byte {
	if !lists && !types {
		return body
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return body
	}
	if lists {
		v = flipLists("", v)
	}
	if types {
		v = flipTypes("", v)
	}
	turned, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return turned
}

// flipLists turns the lists of a result that have one element, and its lone
// elements.
func flipLists(key string, v any) any {
	turns := key == "ResultParameter" || key == "ReferenceItem"
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = flipLists("", v[i])
		}
		if turns && len(v) == 1 {
			return v[0]
		}
	case map[string]any:
		for k := range v {
			v[k] = flipLists(k, v[k])
		}
		if turns {
			return []any{v}
		}
	}
	return v
}

// flipTypes turns numbers into strings everywhere, and strings into numbers
// where a reader may expect one: "Value" of an amount or a time, codes, amounts.
func flipTypes(key string, v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		if slices.Contains(numericKeys(), key) && plainNumber(v) {
			return json.Number(v)
		}
	case []any:
		for i := range v {
			v[i] = flipTypes(key, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = flipTypes(k, v[k])
		}
	}
	return v
}

func numericKeys() []string {
	return []string{
		"ResponseCode", "ResultCode", "ResponseStatus", "TransAmount", "TransTime", "OrgAccountBalance",
		"BusinessShortCode", "BillRefNumber", "amount", "expires_in",
	}
}

// plainNumber is false for what JSON does not take for a number, such as 0712.
func plainNumber(text string) bool {
	var n json.Number
	return text != "" && text[0] != '"' && text != "null" && json.Unmarshal([]byte(text), &n) == nil
}
