using FsCheck;
using FsCheck.Fluent;

namespace SensorDash.Tests.Support;

/// <summary>Property tests whose failure reports the smallest counterexample.</summary>
public static class PropertyCheck
{
    /// <summary>Checks that <paramref name="holds"/> is true, and does not throw, for random values.</summary>
    public static void ForAll<T>(Gen<T> values, Func<T, bool> holds, int times = 100)
        => Prop.ForAll(values.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true));

    /// <summary>As <see cref="ForAll{T}"/>, for code that waits.</summary>
    public static void ForAllAsync<T>(Gen<T> values, Func<T, Task<bool>> holds, int times = 100)
        => Prop.ForAll(values.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true));
}
