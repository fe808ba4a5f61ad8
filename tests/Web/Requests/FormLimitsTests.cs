using System.Net;
using System.Text;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Requests;

/// <summary>Forms that no page has sent: they are refused before they are kept in memory, and the reason is right.</summary>
public sealed class FormLimitsTests(ReadOnlyApp app) : IClassFixture<ReadOnlyApp>
{
    private const string Form = "application/x-www-form-urlencoded";

    [Theory]
    [InlineData("/zones?handler=Add")]
    [InlineData("/query")]
    public async Task Post_FormOfHundredsOfKilobytes_Is413OrNotReadFurther(string path)
    {
        var form = string.Join('&', Enumerable.Range(0, 10).Select(i => $"k{i}={new string('v', 30_000)}"));

        using var response = await app.Client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(form, Encoding.ASCII, Form));
        using var inChunks = await SendInChunksAsync(path, form);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("a form must be at most 256 KiB", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.InRange((int)inChunks.StatusCode, 400, 413); // Its length is not known before; the pages take it for a form without its token.
    }

    [Fact]
    public async Task Post_FormWithTooManyFields_SaysSo()
    {
        var form = string.Join('&', Enumerable.Range(0, 1_500).Select(i => $"k{i}=v"));

        await ApiTests.AssertProblemAsync(await app.Client.PostAsync(new Uri("/query", UriKind.Relative), new StringContent(form, Encoding.ASCII, Form)), 400, "the form is invalid or has too many fields");
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x", "q=SHOW DATABASES")]
    [InlineData("multipart/form-data; boundary=x", "\0")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\nSHOW")]
    [InlineData("multipart/form-data", "x")]
    public async Task Post_FormInPartsThatEndsTooEarly_IsInvalid(string mediaType, string body)
    {
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", mediaType);

        await ApiTests.AssertProblemAsync(await app.Client.PostAsync(new Uri("/query", UriKind.Relative), content), 400, "the form is invalid");
    }

    [Theory]
    [InlineData("/error")]
    [InlineData("/error?code=503")]
    [InlineData("/openapi/v2.json")]
    public async Task Get_WhatIsOnlyUsedInside_Is404(string path)
    {
        using var response = await app.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(path.StartsWith("/openapi", StringComparison.Ordinal) ? "application/problem+json" : "text/html", response.Content.Headers.ContentType?.MediaType);
    }

    private async Task<HttpResponseMessage> SendInChunksAsync(string path, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(form, Encoding.ASCII, Form) };
        request.Headers.TransferEncodingChunked = true;
        return await app.Client.SendAsync(request);
    }
}
