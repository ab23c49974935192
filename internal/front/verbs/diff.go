package verbs

import (
	"github.com/spf13/cobra"
)

func (p *program) diffCommand() *cobra.Command {
	return &cobra.Command{Use: "diff A B", Short: "Field by field: how do two differ?", Args: takes(2, 2, "two files"),
		RunE: func(*cobra.Command, []string) error { return nil }}
}
