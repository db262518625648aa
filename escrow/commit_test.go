package escrow_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/store"
	"github.com/voicepact/gateway/store/storetest"
)

// cutter is the network to PostgreSQL. Armed, it lets the next COMMIT through,
// waits until the server has answered it, and cuts the connection instead of
// handing the answer on.
type cutter struct {
	upstream string
	armed    atomic.Bool
	cuts     atomic.Int64
}

func (c *cutter) serve(listener net.Listener) {
	var links sync.WaitGroup
	defer links.Wait()
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		links.Go(func() { c.link(client) })
	}
}

func (c *cutter) link(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.upstream)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var cut atomic.Bool
	go func() {
		defer func() { _ = client.Close() }()
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil || cut.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], []byte("COMMIT")) && c.armed.CompareAndSwap(true, false) {
			c.cuts.Add(1)
			cut.Store(true)
		}
		if _, err := io.Copy(server, bytes.NewReader(buffer[:n])); err != nil {
			return
		}
	}
}

// worldBehindCutter is a world on PostgreSQL behind a network that can be cut.
func worldBehindCutter(t *testing.T) (*storetest.World, *cutter) {
	t.Helper()
	address, err := url.Parse(storetest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{upstream: address.Host}
	served := make(chan struct{})
	go func() {
		c.serve(listener)
		close(served)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-served
	})
	address.Host = listener.Addr().String()
	w := storetest.NewWorld(t, func(tb testing.TB, now func() time.Time) *store.Store {
		tb.Helper()
		s, err := store.Open(tb.Context(), address.String(), storetest.Sealer(tb), now)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = s.Close() })
		return s
	})
	return w, c
}

// The acceptance is committed and nobody hears of it. Whoever asks again under
// the same key learns that it was done; the seller is paid once.
func TestAConnectionLostAfterTheCommitWasSent(t *testing.T) {
	t.Parallel()
	w, network := worldBehindCutter(t)
	c := w.DealIn(escrow.Delivered, price)
	cmd := w.Command(amina, c.Ref)
	network.armed.Store(true)
	_, err := w.Service.AcceptGoods(t.Context(), cmd)
	if err == nil || escrow.RefusalOf(err) != nil || network.cuts.Load() != 1 {
		t.Fatalf("cut %d times, and the answer is %v", network.cuts.Load(), err)
	}
	result, err := w.Service.AcceptGoods(t.Context(), cmd)
	if err != nil || !result.Repeated || result.Contract.State != escrow.Completed {
		t.Fatalf("asked again: %s, repeated %v, %v", result.Contract.State, result.Repeated, err)
	}
	if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); !errors.Is(err, escrow.Refuse(escrow.Already)) {
		t.Errorf("under another key: %v", err)
	}
	w.Work()
	w.Pay(escrow.Payout, w.Receipt())
	wantSent(t, w, 2)
	wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	w.Prove()
}

// The same of a payout: that it was submitted is committed, but the job does not
// know it. It must not send again under another id, and does not send at all
// before M-Pesa was asked.
func TestASubmissionWhoseCommitWasNotHeardOf(t *testing.T) {
	t.Parallel()
	w, network := worldBehindCutter(t)
	c := w.DealIn(escrow.Delivered, price)
	if _, err := w.Service.AcceptGoods(t.Context(), w.Command(amina, c.Ref)); err != nil {
		t.Fatal(err)
	}
	sent := len(w.Till.Taken())
	for _, job := range w.TakeJobs() {
		submit, ok := job.(escrow.SubmitTransfer)
		if !ok {
			continue
		}
		network.armed.Store(true)
		if err := w.Service.Submit(t.Context(), submit.Transfer); err == nil {
			t.Fatal("the job does not know that its commit was cut off")
		}
		wantSent(t, w, sent)
		if err := w.Service.Submit(t.Context(), submit.Transfer); err != nil { // River tries it again
			t.Fatal(err)
		}
		w.Till.Say(submit.Transfer, escrow.Finding{Verdict: escrow.NeverSeen, Code: "2032"})
	}
	wantSent(t, w, sent)
	after(w, 30*time.Minute, 5*time.Minute)
	wantSent(t, w, sent+1)
	w.Pay(escrow.Payout, w.Receipt())
	wantState(t, w, c, escrow.Completed, escrow.PaymentReleased)
	w.Prove()
}
