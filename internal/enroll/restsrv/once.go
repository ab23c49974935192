package restsrv

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
)

// keepOrders is how long an idempotency key stands for what makes secrets.
const keepOrders = 30 * 24 * time.Hour

// once is an order of a sender under an idempotency key; nil without one.
func (s *server) once(ctx context.Context, x *sender, key, path string, body any) (*authority.Once, error) {
	if key == "" {
		return nil, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding an order: %w", err)
	}
	digest, err := s.Secrets.Digest(ctx, path+"\n"+string(text))
	if err != nil {
		return nil, err
	}
	now := s.Now()
	if err := authority.ForgetOrders(ctx, s.Store, now); err != nil {
		return nil, err
	}
	return &authority.Once{Key: x.key(key), Order: digest, By: x.Name, Until: now.Add(keepOrders)}, nil
}

// toldBefore is the answer to an order that was carried out before, where what is
// secret of it was told then and is not kept to be told again.
func toldBefore(what, fix string) error {
	f := failed(http.StatusConflict, client.CodeExists, "the order was carried out before: it made "+what+", which was told then, and is told once", fix)
	f.Field = "idempotencyKey"
	return f
}
