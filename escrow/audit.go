package escrow

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Channel is how a request reached us.
type Channel string

// The channels.
const (
	ChannelUSSD     Channel = "ussd"
	ChannelSMS      Channel = "sms"
	ChannelProvider Channel = "provider" // a callback or the answer to a query
	ChannelTimer    Channel = "timer"    // nobody did anything in time
	ChannelOperator Channel = "operator" // a person of ours, who decides
)

// AuditEvent is one line of a contract's history: who did what, by which
// channel and on what evidence, and what it changed. The events of a contract
// form a chain of hashes, so that a line cannot be altered or dropped unseen.
type AuditEvent struct {
	ID         uuid.UUID
	ContractID uuid.UUID
	Seq        int64 // 1 for the proposal, without gaps
	At         time.Time
	Actor      uuid.UUID // the party or operator who acted; zero where nobody did
	Channel    Channel
	Evidence   string // idempotency key of the inbound fact
	Event      string // a contract event, or "collect.accepted" for a transfer
	From, To   string // state of the contract, or of the transfer
	Detail     string // reference of the transfer, reason of the dispute, and so on
	Prev, Hash []byte

	// Signature is the service's, over the hash and the terms, where the event
	// must have one; SignedBy is the id of the key. See [AuditEvent.MustBeSigned].
	Signature []byte
	SignedBy  string
}

// seal computes the hash that ties e to the event before it.
func (e AuditEvent) seal() []byte {
	fields := []string{
		"voicepact-event-1", e.ID.String(),
		e.ContractID.String(), strconv.FormatInt(e.Seq, 10),
		strconv.FormatInt(e.At.UnixMicro(), 10),
		e.Actor.String(), string(e.Channel), e.Evidence,
		e.Event, e.From, e.To, e.Detail,
	}
	digest := sha256.New()
	digest.Write(e.Prev)
	digest.Write([]byte(strings.Join(fields, "\x00")))
	return digest.Sum(nil)
}

// Verify checks that events are one unbroken chain from the first to the one
// whose hash is head, which the contract keeps. It returns the number of the
// first bad one, or 0; a chain that was cut short is bad after its last.
func Verify(events []AuditEvent, head []byte) int64 {
	var prev []byte
	for i, e := range events {
		if e.Seq != int64(i)+1 || !bytes.Equal(e.Prev, prev) || !bytes.Equal(e.seal(), e.Hash) {
			return int64(i) + 1
		}
		prev = e.Hash
	}
	if !bytes.Equal(prev, head) {
		return int64(len(events)) + 1
	}
	return 0
}
