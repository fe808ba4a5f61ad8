using SensorDash.Web.Security;

namespace SensorDash.Web.Tests.Security;

public sealed class ExposureTests
{
    [Theory]
    [InlineData("http://127.0.0.1:5080", true)]
    [InlineData("http://127.1.2.3:5080", true)]
    [InlineData("http://localhost:5080", true)]
    [InlineData("http://[::1]:5080", true)]
    [InlineData("http://unix:/run/sensordash.sock", true)]
    [InlineData("http://0.0.0.0:5080", false)]
    [InlineData("http://[::]:5080", false)]
    [InlineData("http://*:5080", false)]
    [InlineData("http://+:5080", false)]
    [InlineData("https://192.168.7.4", false)]
    [InlineData("http://hub.lan:5080", false)] // It listens on all addresses.
    [InlineData("http://localhost.example.org:5080", false)]
    public void Address_OfTheLoopback_IsForThisMachineOnly(string address, bool expected) => Assert.Equal(expected, Exposure.IsLoopback(address));
}
