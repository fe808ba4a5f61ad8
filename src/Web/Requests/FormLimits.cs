using Microsoft.AspNetCore.Http.Features;

namespace SensorDash.Web.Requests;

/// <summary>Forms are small: the largest page has notes of 2,000 characters. The framework keeps a form in memory, in the worst case for minutes.</summary>
internal static class FormLimits
{
    /// <summary>Maximum length of a form in bytes, also of several parts.</summary>
    public const int MaxBytes = 256 * 1024;

    public static void AddFormLimits(this IServiceCollection services) => services.Configure<FormOptions>(form =>
        (form.ValueLengthLimit, form.MultipartBodyLengthLimit, form.MemoryBufferThreshold) = (MaxBytes, MaxBytes, MaxBytes));

    /// <summary>Before the decompression, which takes its limit from the request.</summary>
    public static void UseFormLimits(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!context.Request.HasFormContentType || context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false } limit) return next(context);
        limit.MaxRequestBodySize = MaxBytes;
        if (!(context.Request.ContentLength > MaxBytes)) return next(context);
        context.Response.CloseConnection();
        return Problems.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, $"a form must be at most {MaxBytes >> 10} KiB");
    });
}
