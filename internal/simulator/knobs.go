package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// getFaults is GET /sim/faults.
func (s *Sim) getFaults(c *fiber.Ctx) error { return c.JSON(s.CurrentFaults()) }

// postFaults is POST /sim/faults: the knobs that it names are turned, the others
// stay. A name that is no knob's is refused, and nothing is turned then.
func (s *Sim) postFaults(c *fiber.Ctx) error {
	raw, err := request[json.RawMessage](c)
	if err != nil {
		return s.failure(c, err)
	}
	s.faultsMu.Lock()
	turned := s.faults
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err = d.Decode(&turned); err == nil {
		s.faults = turned
	}
	s.faultsMu.Unlock()
	if err != nil {
		return s.failure(c, refuse(http.StatusBadRequest, "There is no such knob, or it does not take that."))
	}
	s.changed()
	return c.JSON(turned)
}

// deleteFaults is DELETE /sim/faults: a good day from now on.
func (s *Sim) deleteFaults(c *fiber.Ctx) error {
	s.SetFaults(Faults{})
	s.changed()
	return s.getFaults(c)
}

// postFloat is POST /sim/bank/float, with a [FloatMove].
func (s *Sim) postFloat(c *fiber.Ctx) error {
	move, err := request[FloatMove](c)
	if err != nil {
		return s.failure(c, err)
	}
	if err := s.MoveFloat(c.UserContext(), move); err != nil {
		return s.failure(c, err)
	}
	return s.getBank(c)
}
