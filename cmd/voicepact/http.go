package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	panics "github.com/gofiber/fiber/v2/middleware/recover"
)

const (
	// bodyLimit fits the largest callback any provider sends many times over.
	bodyLimit = 64 << 10
	// readTimeout bounds slow senders; idleTimeout frees quiet connections.
	readTimeout = 10 * time.Second
	idleTimeout = 2 * time.Minute
	// readyTimeout bounds the questions behind /readyz.
	readyTimeout = time.Second
)

// newHTTP makes the server that every route is mounted on.
//
// Immutable: fiber otherwise hands out strings that alias a recycled buffer,
// and a kept phone number turns into the next caller's.
func newHTTP(log *slog.Logger) *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:               "voicepact",
		DisableStartupMessage: true,
		Immutable:             true,
		BodyLimit:             bodyLimit,
		ReadTimeout:           readTimeout,
		IdleTimeout:           idleTimeout,
		ErrorHandler:          answerError,
	})
	app.Use(accessLog(log))
	app.Use(panics.New())
	return app
}

// answerError tells the caller what kind of error it was, and nothing else.
func answerError(c *fiber.Ctx, err error) error {
	status := fiber.StatusInternalServerError
	if known, ok := errors.AsType[*fiber.Error](err); ok {
		status = known.Code
	}
	return c.SendStatus(status)
}

// accessLog logs the pattern of the route, never the path: paths carry secrets,
// and bodies carry PINs and phone numbers.
func accessLog(log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		start := time.Now()
		err := c.Next()
		if err != nil {
			err = c.App().ErrorHandler(c, err)
		}
		level := slog.LevelDebug
		if c.Response().StatusCode() >= fiber.StatusInternalServerError {
			level = slog.LevelError
		}
		log.Log(c.UserContext(), level, "request", "method", c.Method(), "route", c.Route().Path,
			"status", c.Response().StatusCode(), "ms", time.Since(start).Milliseconds())
		return err
	}
}

// behindSecret answers 404 to everyone who does not know one of the secrets in
// the path: Africa's Talking signs nothing, so knowing the URL is the proof.
func behindSecret(secrets []string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		given, known := []byte(c.Params("secret")), 0
		for _, secret := range secrets {
			known |= subtle.ConstantTimeCompare(given, []byte(secret))
		}
		if known != 1 {
			return c.SendStatus(fiber.StatusNotFound)
		}
		return c.Next()
	}
}

// pinger is something that must answer before we can work.
type pinger struct {
	name string
	ping func(context.Context) error
}

// mountHealth adds /healthz, which says that the process lives, and /readyz,
// which says that it can work.
func mountHealth(app *fiber.App, needs []pinger) {
	app.Get("/healthz", func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) })
	app.Get("/readyz", func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), readyTimeout)
		defer cancel()
		status, answer := fiber.StatusOK, fiber.Map{"status": "ready"}
		for _, need := range needs {
			if err := need.ping(ctx); err != nil {
				status = fiber.StatusServiceUnavailable
				answer["status"] = "not ready"
				answer[need.name] = "does not answer"
			}
		}
		return c.Status(status).JSON(answer)
	})
}
