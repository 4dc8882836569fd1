using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Broker.Dmz.Gateway;

/// <summary>
/// The OpenAPI document, <c>/openapi/v1.json</c>: from the endpoints come paths, bodies and replies; from their <see cref="About"/> the
/// ids, parameters and problems; from here what holds for all of them.
/// </summary>
internal static partial class ApiDocument
{
    private const string Certificate = "consoleCertificate";
    private const string Token = "loginToken";
    private const string NamePattern = "^[a-z0-9-]{1,63}$";
    private const string HandOffPattern = "^[0-9a-f]{32}$";

    private const string Description =
        """
        The gateway of a credential broker. Every call needs a console certificate of the installation (mutual TLS 1.3). What has an effect
        carries a signed request: the statement, its payload and the users' signatures, each the bytes of the canonical encoding, in base64;
        the customer's key verifies it, the gateway only carries it. Sent again, the same request is not done twice. Metadata is read with
        the token of a login. A refusal is a problem (RFC 9457) whose `code` is stable. No call reads a credential back.
        """;

    private static readonly Dictionary<int, string> Refusals = new()
    {
        [400] = "The request is not of its form.",
        [401] = "The token of a login is missing, unknown or over.",
        [403] = "Refused: by role, signature, policy or certificate; `code` says which.",
        [404] = "What the path names does not exist.",
        [409] = "It conflicts with what is there; read it again.",
        [413] = "Larger than a call may be.",
        [423] = "The customer is locked, or a lock stands.",
        [429] = "Too busy, or over a rate; try again after Retry-After seconds.",
        [500] = "The call failed; the node's log has the cause under `correlation`.",
        [503] = "The credential zone is away or full; nothing was changed.",
        [504] = "No answer in time: it may have been done. Send the same request again.",
    };

    /// <summary>Adds the document to what the node serves.</summary>
    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", static options =>
    {
        options.AddOperationTransformer(static (operation, context, _) =>
        {
            Describe(operation, context);
            return Task.CompletedTask;
        });
        options.AddDocumentTransformer(static (document, _, _) =>
        {
            Complete(document);
            return Task.CompletedTask;
        });
    });

    /// <summary>Statuses of the problems that a call may answer.</summary>
    public static IEnumerable<int> ProblemsOf(About about, bool hasBody)
    {
        int[] every = [400, 403, 404, 429, 500, 503, 504];
        return every.Concat(about.NeedsToken ? [401] : []).Concat(hasBody ? [409, 413, 423] : []).Concat(about.Problems).Distinct().Order();
    }

    private static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<About>().SingleOrDefault() is not { } about)
            return;
        operation.OperationId = about.Operation;
        operation.Parameters =
            [.. Placeholders().Matches(context.Description.RelativePath!).Select(static m => PathParameter(m.Groups[1].Value)),
            .. about.Query.Select(QueryParameter)];
        operation.Tags = new HashSet<OpenApiTagReference> { new(TagOf(context.Description.RelativePath!), context.Document) };
        operation.Security = [Requirement(Certificate, context.Document)];
        if (about.NeedsToken)
            operation.Security[0].Add(new OpenApiSecuritySchemeReference(Token, context.Document), []);
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (int.TryParse(status, CultureInfo.InvariantCulture, out var number) && Refusals.TryGetValue(number, out var text))
                response.Description = text;
        }
    }

    private static void Complete(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo { Title = "Credential broker gateway", Version = "v1", Description = Description };
        // Which address a console reaches the node by, the node does not know.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Certificate] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.MutualTLS,
                Description = "A console certificate of this installation: brokerctl ca issue console.",
            },
            [Token] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The token of POST /v1/customers/{customer}/login; it reads metadata and never causes an effect.",
            },
        };
        document.Security = [Requirement(Certificate, document)];
    }

    private static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };

    private static OpenApiParameter PathParameter(string name) => new()
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Description = name switch
        {
            "customer" => "the customer's name",
            "id" => "the hand-off, 32 hexadecimal digits",
            _ => "the name of what is changed; the same as in the signed request",
        },
        Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Pattern = name == "id" ? HandOffPattern : NamePattern,
            MaxLength = name == "id" ? 2 * Id16.Length : Name.MaxLength,
        },
    };

    private static OpenApiParameter QueryParameter(QueryAbout about) => new()
    {
        Name = about.Name,
        In = ParameterLocation.Query,
        Description = about.Description,
        Schema = about.Max is { } max
            ? new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int64",
                Minimum = "0",
                Maximum = max.ToString(CultureInfo.InvariantCulture),
            }
            : new OpenApiSchema { Type = JsonSchemaType.String },
    };

    // By what the path is about: /v1/customers/{customer}/credentials/… is of credentials.
    private static string TagOf(string path)
    {
        var parts = path.TrimStart('/').Split('/');
        return parts.Length > 3 ? parts[3] : parts[1];
    }

    [GeneratedRegex("{([a-z]+)}")]
    private static partial Regex Placeholders();
}
