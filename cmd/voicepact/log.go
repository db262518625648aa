package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
)

// newLog makes the JSON log. Phones mask themselves; bodies, PINs and paths
// with secrets are never handed to it.
func newLog(out *os.File) *slog.Logger {
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// newQuietLog makes the log of what people run by hand: only what is wrong.
func newQuietLog(out *os.File) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// redisLog takes what the Redis client has to say into our log.
type redisLog struct{ log *slog.Logger }

// Printf implements the client's logging interface.
func (l redisLog) Printf(ctx context.Context, format string, values ...any) {
	l.log.WarnContext(ctx, "redis", "says", fmt.Sprintf(format, values...))
}
