package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/request"
)

// Once is an order that makes something, at most once, of which a part is told
// only then: its record says what was made, and not what was told.
type Once struct {
	Key   string    // of who orders, and what they call the order
	Order string    // a digest of the order that only we can make: it may hold a secret
	By    string    // who orders
	Until time.Time // when Key may be used for another order
}

const onceKind = "order-carried-out"

type onceBody struct {
	Order string `json:"order"`
	Made  string `json:"made"`
}

// Records are what is to be stored together with what an order makes, or neither;
// none of no order.
func (o *Once) Records(made string) ([]*Record, error) {
	if o == nil {
		return nil, nil
	}
	body, err := json.Marshal(onceBody{o.Order, made})
	if err != nil {
		return nil, fmt.Errorf("encoding what an order made: %w", err)
	}
	return []*Record{{Kind: onceKind, ID: o.Key, Owner: o.By, Due: o.Until, Body: body}}, nil
}

// Made returns what an order has made before; empty if nothing. Where its key was
// used for another order, it is a *request.Refusal (Duplicate).
func (o *Once) Made(ctx context.Context, records Records) (string, error) {
	if o == nil {
		return "", nil
	}
	r, err := records.Record(ctx, onceKind, o.Key)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for what an order made: %w", err)
	}
	body, err := Body[onceBody](r)
	if err != nil {
		return "", err
	}
	if body.Order != o.Order {
		return "", OtherOrder()
	}
	return body.Made, nil
}

// OtherOrder is the answer to an idempotency key that was used for another order.
func OtherOrder() *request.Refusal {
	return &request.Refusal{Reason: request.Duplicate, Field: "idempotencyKey", Detail: "the idempotency key was used for another order", Fix: "use a new key for each order"}
}

// ForgetOrders removes the records of orders whose keys may be used again.
func ForgetOrders(ctx context.Context, records Records, now time.Time) error {
	return Forget(ctx, records, onceKind, now)
}
