package mobilemoney

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/voicepact/gateway/escrow"
)

// scalar is a value that Daraja writes now as a string and now as a number, as
// text. A missing value and null are empty; anything else is kept as written,
// because a value that we do not need must not spoil those that we do.
type scalar string

// UnmarshalJSON implements [json.Unmarshaler]. It accepts every JSON value.
func (v *scalar) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("read text: %w", err)
		}
		*v = scalar(strings.TrimSpace(text))
		return nil
	}
	if bytes.Equal(raw, []byte("null")) {
		*v = ""
		return nil
	}
	*v = scalar(raw)
	return nil
}

// parameter is a named value. STK callbacks say Name where results say Key.
type parameter struct {
	Name  scalar `json:"Name"`
	Key   scalar `json:"Key"`
	Value scalar `json:"Value"`
}

// parameters are read by name, never by place: the places vary.
type parameters []parameter

// UnmarshalJSON implements [json.Unmarshaler]. Daraja writes a list of one as
// that one object. What is no parameter is passed over.
func (p *parameters) UnmarshalJSON(raw []byte) error {
	var elements []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return fmt.Errorf("read parameters: %w", err)
		}
	} else {
		elements = append(elements, raw)
	}
	*p = nil
	for _, element := range elements {
		var one parameter
		if json.Unmarshal(element, &one) == nil {
			*p = append(*p, one)
		}
	}
	return nil
}

// read decodes a body, and reports whether it is JSON at all. A value of a type
// that we did not expect is left out: the others may be what matters.
func read(body []byte, into any) bool {
	err := json.Unmarshal(body, into)
	var wrongType *json.UnmarshalTypeError
	return err == nil || errors.As(err, &wrongType)
}

// one returns the value under a name. Names repeat in Daraja's own samples;
// where the values under one name differ, none of them can be relied on.
func (p parameters) one(name scalar) scalar {
	var found scalar
	for _, each := range p {
		if each.Name != name && each.Key != name || each.Value == "" {
			continue
		}
		if found != "" && found != each.Value {
			return ""
		}
		found = each.Value
	}
	return found
}

const (
	// centsPlaces is how many decimals of a shilling count.
	centsPlaces = 2
	// maxDigits is far above what stands on an account, and far below overflow.
	maxDigits = 12
	// maxPayment is far above M-Pesa's largest amount.
	maxPayment escrow.Cents = 1e9 * 100
)

// cents reads a positive amount of shillings written as a decimal, "1450",
// 1500.00 or "168.0". Anything else is not an amount: an exponent, a sign, a
// fraction of a cent.
func (v scalar) cents() (escrow.Cents, bool) {
	n, ok := v.unsigned()
	return n, ok && 0 < n && n <= maxPayment
}

// signed reads what stands on an account, which may be nothing or less.
func (v scalar) signed() (escrow.Cents, bool) {
	if debt, negative := strings.CutPrefix(string(v), "-"); negative {
		n, ok := scalar(debt).unsigned()
		return -n, ok
	}
	return v.unsigned()
}

func (v scalar) unsigned() (escrow.Cents, bool) {
	whole, fraction, _ := strings.Cut(string(v), ".")
	if strings.HasSuffix(string(v), ".") || whole == "" || len(whole) > maxDigits {
		return 0, false
	}
	if len(fraction) > centsPlaces {
		if strings.Trim(fraction[centsPlaces:], "0") != "" {
			return 0, false
		}
		fraction = fraction[:centsPlaces]
	}
	digits := whole + fraction + strings.Repeat("0", centsPlaces-len(fraction))
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return escrow.Cents(n), err == nil
}

const (
	minReceipt = 8
	maxReceipt = 16
	// noReceipt ends the transaction ids of failures, "TKN0000000": not unique,
	// and no receipt.
	noReceipt = "0000000"
)

// receipt returns the value if it can be an M-Pesa receipt, 10 capital letters
// and digits today.
func (v scalar) receipt() (string, bool) {
	text := string(v)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if len(text) < minReceipt || len(text) > maxReceipt || strings.Trim(text, letters) != "" {
		return "", false
	}
	return text, !strings.HasSuffix(text, noReceipt)
}

// moment reads a time that M-Pesa shows, always in East Africa Time: digits in
// most APIs, "23.11.2026 16:02:11" in B2C, ISO in the pulled statement. Anything
// else is no time, which is no reason to doubt the rest.
func (v scalar) moment() time.Time {
	for _, layout := range []string{"20060102150405", "02.01.2006 15:04:05", time.DateTime, "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, strings.TrimSuffix(string(v), "Z"), escrow.EAT); err == nil {
			return at
		}
	}
	return time.Time{}
}
