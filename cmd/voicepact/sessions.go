package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/voicepact/gateway/store"
)

// sessionKey is what USSD sessions are hashed and sealed with: derived, so that no
// key more has to be kept, and the same in every process.
func sessionKey(codeKey []byte) ([]byte, error) {
	const size = 32
	key, err := hkdf.Key(sha256.New, codeKey, nil, "voicepact ussd sessions 1", size)
	if err != nil {
		return nil, fmt.Errorf("session key: %w", err)
	}
	return key, nil
}

// reapSessions is the job that counts calls which never ended.
type reapSessions struct{}

// Kind implements [river.JobArgs].
func (reapSessions) Kind() string { return "reap_sessions" }

// reapEvery is about as long as the longest session.
const reapEvery = 200 * time.Second

func reaping() *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(reapEvery),
		func() (river.JobArgs, *river.InsertOpts) { return reapSessions{}, nil }, nil)
}

// reaper forgets the sessions that were cut off.
type reaper struct {
	sessions *store.Sessions
	log      *slog.Logger
}

func (r reaper) work(ctx context.Context, _ reapSessions) error {
	n, err := r.sessions.Reap(ctx)
	if err == nil && n > 0 {
		r.log.InfoContext(ctx, "ussd sessions that never ended", "count", n)
	}
	return err
}
