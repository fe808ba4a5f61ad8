using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Api;

/// <summary>Media types and an example of a body that the endpoint parses itself.</summary>
internal sealed record BodyExample(string Example, string[] MediaTypes);

/// <summary>The API description at /openapi/v1.json. Its parameters, bodies and errors come from the definitions that the endpoints use.</summary>
internal static class ApiDescription
{
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
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var metadata in context.Description.ActionDescriptor.EndpointMetadata)
            {
                if (metadata is QueryParameter parameter) (operation.Parameters ??= []).Add(Describe(parameter));
                if (metadata is BodyExample body) operation.RequestBody = Describe(body);
            }
            operation.Responses ??= [];
            if (!operation.Responses.ContainsKey("default"))
                operation.Responses.Add("default", new OpenApiResponse { Description = "Problem details (RFC 9457): title, status, detail, error, traceId." });
            return Task.CompletedTask;
        });
    });

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
