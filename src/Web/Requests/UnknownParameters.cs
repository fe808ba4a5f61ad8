namespace SensorDash.Web.Requests;

/// <summary>Marks an endpoint that accepts only the query parameters of its description.</summary>
internal sealed class DescribedQuery
{
    public static DescribedQuery Instance { get; } = new();
}

/// <summary>Rejects query parameters that an API endpoint does not have: a misspelt filter would return everything.</summary>
internal static class UnknownParameters
{
    // Typing errors: one letter missing, added, wrong, or two swapped.
    private const int MaxDistance = 2;

    /// <summary>After routing.</summary>
    public static void UseUnknownParameters(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!context.Request.QueryString.HasValue || context.GetEndpoint()?.Metadata is not { } metadata || metadata.GetMetadata<DescribedQuery>() is null) return next(context);
        var allowed = metadata.GetOrderedMetadata<QueryParameter>();
        var reader = new QueryReader(context.Request);
        Check(reader, allowed);
        return reader.HasErrors ? Problems.Invalid(reader.Errors).ExecuteAsync(context) : next(context);
    });

    /// <summary>Adds an error for each parameter that is not allowed.</summary>
    public static void Check(QueryReader reader, IReadOnlyList<QueryParameter> allowed)
    {
        foreach (var name in reader.Names.Where(name => !allowed.Any(parameter => parameter.Accepts(name)))) reader.Error(name, Describe(name, allowed));
    }

    /// <summary>Why a name is not allowed, with the one that was probably meant.</summary>
    public static string Describe(string name, IReadOnlyList<QueryParameter> allowed)
    {
        if (allowed.Count == 0) return "is not a parameter here: there are none";
        var nearest = allowed.Select(parameter => parameter.Name).MinBy(known => Distance(name.ToLowerInvariant(), known.ToLowerInvariant()))!;
        return Distance(name.ToLowerInvariant(), nearest.ToLowerInvariant()) <= MaxDistance
            ? $"is not a parameter here; did you mean {nearest}?"
            : $"is not a parameter here; allowed: {string.Join(", ", allowed.Select(parameter => parameter.Name))}";
    }

    // Levenshtein.
    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > MaxDistance) return int.MaxValue;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, left) = (row[0], row[0] = i);
            for (var j = 1; j <= b.Length; j++)
                (diagonal, left) = (row[j], row[j] = Math.Min(Math.Min(row[j], left) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[b.Length];
    }
}
