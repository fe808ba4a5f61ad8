using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages;

/// <summary>Pages as a browser without JavaScript gets them.</summary>
public abstract partial class PageTests(params (string Key, string Value)[] settings) : ApiTests(settings)
{
    protected async Task<string> ReadPageAsync(string path)
    {
        using var response = await RequestAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    protected Task<HttpResponseMessage> RequestAsync(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/html");
        return Client.SendAsync(request);
    }

    protected async Task<HttpResponseMessage> PostFormAsync(string path, string handler, params (string Name, string Value)[] fields)
    {
        var form = fields.Append(("__RequestVerificationToken", await ReadTokenAsync(path))).ToDictionary(f => f.Item1, f => f.Item2);
        return await Client.PostAsync($"{path}?handler={handler}", new FormUrlEncodedContent(form));
    }

    /// <summary>The token of the forms of a page. It is valid for all pages, and a page without a form has none.</summary>
    protected async Task<string> ReadTokenAsync(string path)
        => Token().Match(await ReadPageAsync(path)) is { Success: true } found ? found.Groups[1].Value : Token().Match(await ReadPageAsync("/zones")).Groups[1].Value;

    protected static void AssertNoInlineCode(string page) => Assert.DoesNotMatch(InlineCode(), page);

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("<style|<script(?![^>]* src=)| style=| on[a-z]+=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex InlineCode();
}
