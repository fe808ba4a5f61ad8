using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Media types and an example of a body that the endpoint parses itself.</summary>
internal sealed record BodyExample(string Example, string[] MediaTypes);

/// <summary>The API description at /openapi/v1.json. Its parameters, bodies and errors come from the definitions that the endpoints use.</summary>
internal static class ApiDescription
{
    private const string KeyScheme = "key";

    private static readonly (string Status, string Text)[] _refusals = [
        ("401", "Neither a key nor a session, or one that is not valid."), ("403", "The key or the role does not allow it, or the key is limited."), ("429", "Too many requests; Retry-After says when to send the next one.")];

    public static RouteHandlerBuilder WithBody(this RouteHandlerBuilder endpoint, string example, params string[] mediaTypes)
        => endpoint.WithMetadata(new BodyExample(example, mediaTypes.Length > 0 ? mediaTypes : ["application/json"]));

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, params QueryParameter[] parameters)
        => endpoint.WithMetadata([.. parameters]);

    public static void AddSensorDashOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "SensorDash",
                Version = "v1",
                Description = "Readings of sensor nodes. Times are integer Unix seconds, temperatures °C, humidities %RH. "
                    + "Errors are application/problem+json with the extra fields error and traceId.",
            };
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [KeyScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key with the scope that the operation names. A server that only this machine reaches, and that has no administrator, needs none." },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var metadata in context.Description.ActionDescriptor.EndpointMetadata)
            {
                if (metadata is QueryParameter parameter) (operation.Parameters ??= []).Add(Describe(parameter));
                if (metadata is BodyExample body) operation.RequestBody = Describe(body);
                if (metadata is NeedAttribute { Need: not Need.Nothing and var need }) AddSecurity(operation, need, context.Document);
            }
            operation.Responses ??= [];
            if (!operation.Responses.ContainsKey("default"))
                operation.Responses.Add("default", new OpenApiResponse { Description = "Problem details (RFC 9457): title, status, detail, error, traceId." });
            return Task.CompletedTask;
        });
    });

    private static void AddSecurity(OpenApiOperation operation, Need need, OpenApiDocument? document)
    {
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = [] }];
        operation.Description = $"{operation.Description}{(operation.Description is { Length: > 0 } ? " " : "")}Takes {Rights.Describe(need)}.";
        var responses = operation.Responses ??= [];
        foreach (var (status, text) in _refusals) responses.TryAdd(status, new OpenApiResponse { Description = text });
    }

    private static OpenApiParameter Describe(QueryParameter parameter)
    {
        var schema = new OpenApiSchema { Type = parameter.Type == "integer" ? JsonSchemaType.Integer : JsonSchemaType.String };
        JsonNode example = parameter.Example;
        if (parameter is WholeParameter whole)
        {
            schema.Minimum = whole.Min.ToString(System.Globalization.CultureInfo.InvariantCulture);
            schema.Maximum = whole.Max.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (whole.Default is { } value) schema.Default = value;
            if (long.TryParse(parameter.Example, System.Globalization.CultureInfo.InvariantCulture, out var number)) example = number;
        }
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description,
            Schema = schema,
            Example = example,
        };
    }

    private static OpenApiRequestBody Describe(BodyExample body)
    {
        var content = new Dictionary<string, OpenApiMediaType>();
        foreach (var type in body.MediaTypes)
        {
            var isObject = type == "application/json";
            content[type] = new OpenApiMediaType
            {
                Schema = new OpenApiSchema { Type = isObject ? JsonSchemaType.Object : JsonSchemaType.String },
                Example = isObject ? JsonNode.Parse(body.Example) : body.Example,
            };
        }
        return new OpenApiRequestBody { Required = true, Content = content };
    }
}
