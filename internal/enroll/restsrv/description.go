package restsrv

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/client"
)

const problemType = "application/problem+json"

// problems are the answers that say why not (RFC 9457), by status: the empty one
// is any other.
func (s *server) problems(op *huma.Operation, input reflect.Type) map[string]*huma.Response {
	statuses := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if strings.Contains(op.Path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.Method == http.MethodPost {
		statuses = append(statuses, http.StatusRequestEntityTooLarge)
	}
	if has(input, "IfMatch") {
		statuses = append(statuses, http.StatusPreconditionFailed)
	}
	out := map[string]*huma.Response{"default": s.problem("why not (RFC 9457)")}
	for _, status := range statuses {
		out[strconv.Itoa(status)] = s.problem(http.StatusText(status))
	}
	out["401"].Headers = map[string]*huma.Header{"WWW-Authenticate": {Schema: &huma.Schema{Type: huma.TypeString}}}
	for _, status := range []string{"429", "503"} {
		out[status].Headers = map[string]*huma.Header{"Retry-After": {Description: "seconds to wait; missing where that is not known", Schema: &huma.Schema{Type: huma.TypeInteger}}}
	}
	return out
}

func (s *server) problem(description string) *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[client.Problem](), true, "Problem")
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}

// has reports whether an input or output has a field, its own or of what is
// embedded in it.
func has(t reflect.Type, field string) bool {
	_, ok := t.FieldByName(field)
	return ok
}

// describeAnswers says which answers an operation has besides its usual one,
// which is all that its types tell.
func (s *server) describeAnswers(op *huma.Operation, input, output reflect.Type) {
	if has(input, "IfNoneMatch") {
		op.Responses["304"] = &huma.Response{Description: "it is what the client has already", Headers: map[string]*huma.Header{"ETag": {Schema: &huma.Schema{Type: huma.TypeString}}}}
	}
	if output == reflect.TypeFor[answered]() {
		held := *op.Responses["201"]
		held.Description = "the request is held: for an officer's decision, or for its applicant's confirmation"
		op.Responses["202"] = &held
	}
}

// describeFiles says what the answers are that are no JSON.
func (s *server) describeFiles() {
	for path, kinds := range map[string][]string{
		"/api/v1/certificates/{serial}/{form}": {pemType, derType, chainType, "application/pkcs7-mime"},
		"/api/v1/cas/{name}/crl":               {crlType},
	} {
		content := map[string]*huma.MediaType{}
		for _, kind := range kinds {
			content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		s.api.OpenAPI().Paths[path].Get.Responses["200"].Content = content
	}
}

// tidyDescription takes out what the library describes and nothing answers.
func (s *server) tidyDescription() {
	schemas := s.api.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
}

// The media types of what is no JSON.
const (
	pemType   = "application/x-pem-file"
	derType   = "application/pkix-cert"
	chainType = "application/pem-certificate-chain"
	crlType   = "application/pkix-crl"
)
