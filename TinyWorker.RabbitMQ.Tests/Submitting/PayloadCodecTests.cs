using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

public sealed class PayloadCodecTests
{
    [Test]
    public void Bytes_WhereTheTypeIsAnotherOne_AreReadAsTheSerializerReadsThem()
    {
        byte[] bytes = [1, 2, 3];
        Assert.That(RoundTrip<byte[]>(bytes), Is.EqualTo(bytes));
        Assert.That(RoundTrip<IReadOnlyList<byte>>(bytes), Is.EqualTo(bytes));
        Assert.That(RoundTrip<IEnumerable<byte>>(bytes), Is.EqualTo(bytes));
        Assert.That(RoundTrip<object>(bytes), Is.EqualTo(bytes));
        // The runtime takes one for a byte[].
        Assert.That(RoundTrip<sbyte[]>([-1, 2]), Is.EqualTo(new sbyte[] { -1, 2 }));
    }

    [Test]
    public void Null_OfAnyType_IsReadAsNull()
    {
        Assert.That(RoundTrip<byte[]?>(null), Is.Null);
        Assert.That(RoundTrip<string?>(null), Is.Null);
        Assert.That(RoundTrip<object?>(null), Is.Null);
        Assert.That(RoundTrip<int?>(null), Is.Null);
    }

    private static T RoundTrip<T>(T value)
    {
        var codec = new PayloadCodec<T>(new JsonPayloadSerializer(), 1024, "none");
        return codec.Read(codec.Write(value));
    }
}
