package auth

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// keySize is the size of a shared key in bytes.
const keySize = 32

// SharedKey returns the random key of that name, 32 bytes, which every process
// on the database shares. The first to ask makes it.
func SharedKey(ctx context.Context, pool *pgxpool.Pool, name string) ([]byte, error) {
	fresh := make([]byte, keySize)
	rand.Read(fresh) // never fails: crypto/rand
	const insert = `INSERT INTO service_keys (name, key) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
	if _, err := pool.Exec(ctx, insert, name, fresh); err != nil {
		return nil, fmt.Errorf("make the key %s: %w", name, err)
	}
	var key []byte
	if err := pool.QueryRow(ctx, `SELECT key FROM service_keys WHERE name = $1`, name).Scan(&key); err != nil {
		return nil, fmt.Errorf("read the key %s: %w", name, err)
	}
	return key, nil
}
