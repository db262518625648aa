package sms

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/voicepact/gateway/escrow"
	"github.com/voicepact/gateway/internal/outcall"
)

// Balance is what is left on the account to send messages with.
type Balance struct {
	Currency string // KES; USD in the sandbox
	Amount   escrow.Cents
}

// balanceShape is "KES 1785.50"; the sandbox has more decimals than a cent needs.
var balanceShape = regexp.MustCompile(`^([A-Z]{3}) (-?\d{1,12})(?:\.(\d{1,2})\d*)?$`)

// Balance asks Africa's Talking what is left on the account.
func (c *Client) Balance(ctx context.Context) (Balance, error) {
	reply, err := c.reads.Do(ctx, outcall.Call{
		Method: http.MethodGet,
		URL:    c.address("/version1/user?username=" + url.QueryEscape(c.cfg.Username)),
		Header: c.header(""),
	})
	if err != nil {
		return Balance{}, fmt.Errorf("balance of messages: %w", err)
	}
	var body struct {
		UserData struct {
			Balance string `json:"balance"`
		} `json:"UserData"`
	}
	if err := json.Unmarshal(reply.Body, &body); reply.Status != http.StatusOK || err != nil {
		return Balance{}, fmt.Errorf("balance of messages: HTTP %d without UserData", reply.Status)
	}
	return readBalance(body.UserData.Balance)
}

func readBalance(text string) (Balance, error) {
	parts := balanceShape.FindStringSubmatch(text)
	if parts == nil {
		return Balance{}, fmt.Errorf("balance of messages: %q is no amount", plain(text))
	}
	cents := (parts[3] + "00")[:2]
	amount, err := strconv.ParseInt(parts[2]+cents, 10, 64)
	if err != nil {
		return Balance{}, fmt.Errorf("balance of messages: %w", err)
	}
	return Balance{Currency: parts[1], Amount: escrow.Cents(amount)}, nil
}
